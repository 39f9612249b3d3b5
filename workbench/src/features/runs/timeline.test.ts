import { describe, expect, it } from 'vitest'
import { aDelivery, anError, aRun, at } from './fixture'
import { timelineOf } from './timeline'

const NOTHING: ReadonlySet<string> = new Set()
const seconds = (at_: number | undefined) => (at_ === undefined ? undefined : (at_ - Date.parse(at(0))) / 1_000)

describe('timelineOf', () => {
  const run = aRun({
    deliveries: [
      aDelivery('place'),
      aDelivery('charge', { parent: 'place' }),
      aDelivery('mail', { parent: 'charge' }),
      aDelivery('stock', { parent: 'place' }),
    ],
  })

  it('draws deliveries below the one whose message they got', () => {
    expect(timelineOf(run, NOTHING).rows.map((row) => [row.id, row.depth, row.expanded])).toEqual([
      ['place', 0, true], ['charge', 1, true], ['mail', 2, undefined], ['stock', 1, undefined],
    ])
  })

  it('leaves out what is below a closed row', () => {
    expect(timelineOf(run, new Set(['charge'])).rows.map((row) => row.id)).toEqual(['place', 'charge', 'stock'])
  })

  it('tells the queue, attempts and the waits between them apart', () => {
    const tried = aDelivery('tried', {
      queued_at: at(0),
      finished_at: at(6),
      attempts: [
        { number: 1, started_at: at(1), finished_at: at(2), error: anError('busy') },
        { number: 2, started_at: at(5), finished_at: at(6) },
      ],
    })
    const [row] = timelineOf(aRun({ deliveries: [tried] }), NOTHING).rows
    expect(row?.segments?.map((each) => [each.tone, seconds(each.start), seconds(each.end), each.thin ?? false])).toEqual([
      ['queued', 0, 1, true], ['failed', 1, 2, false], ['held', 2, 5, true], ['completed', 5, 6, false],
    ])
    expect(row?.note).toBe('2 attempts')
  })

  it('ends an attempt whose worker was lost when the next one begins', () => {
    const lost = aDelivery('lost', {
      queued_at: at(0),
      finished_at: at(6),
      attempts: [
        { number: 1, started_at: at(0), error: anError('lost') },
        { number: 2, started_at: at(5), finished_at: at(6) },
      ],
    })
    const [row] = timelineOf(aRun({ deliveries: [lost] }), NOTHING).rows
    expect(row?.segments?.map((each) => [each.tone, seconds(each.start), seconds(each.end)])).toEqual([
      ['failed', 0, 5], ['completed', 5, 6],
    ])
  })

  it('leaves open what goes on', () => {
    const going = aDelivery('going', { status: 'running', finished_at: null, progress: { done: 1, of: 4 }, attempts: [{ number: 1, started_at: at(1) }] })
    const [row] = timelineOf(aRun({ deliveries: [going] }), NOTHING).rows
    expect(row?.end).toBeUndefined()
    expect(row?.segments?.at(-1)).toMatchObject({ tone: 'running' })
    expect(row?.note).toBe('25 % · running')
  })

  it('ends with the run what that left open', () => {
    const held = aDelivery('held', { status: 'held', finished_at: null, attempts: [{ number: 1, started_at: at(1), finished_at: at(2), error: anError('closed') }] })
    const [row] = timelineOf(aRun({ status: 'failed', closed_at: at(5), deliveries: [held] }), NOTHING).rows
    expect(seconds(row?.end)).toBe(5)
    expect(seconds(row?.segments?.at(-1)?.end)).toBe(5)
  })

  it('draws what waits for a person as waiting', () => {
    const task = aDelivery('task', { status: 'waiting', attempts: [], started_at: at(1), finished_at: null })
    expect(timelineOf(aRun({ deliveries: [task] }), NOTHING).rows[0]?.segments).toEqual([
      expect.objectContaining({ tone: 'waiting', thin: true }),
    ])
  })

  it('draws called runs below the delivery that called, and joins that wait', () => {
    const { rows, items } = timelineOf(
      aRun({
        deliveries: [aDelivery('weigh', { emissions: [{ topic: 'weighed' }] })],
        related: [{ relation: 'started', flow: 'risk', flow_name: 'Refund risk', run_id: 'r2', delivery_id: 'weigh', status: 'completed', started_at: at(1), closed_at: at(2) }],
        waits: [{ kind: 'join', step: 'complete', name: 'Complete', received: ['weighed'], needed: 2, who: [] }],
      }),
      NOTHING,
    )
    expect(rows.map((row) => [row.id, row.depth])).toEqual([['weigh', 0], ['run:risk/r2', 1], ['wait:0', 0]])
    expect(items.get('run:risk/r2')?.kind).toBe('run')
    expect(rows[2]?.note).toBe('has 1 of 2 messages: weighed')
  })

  it('takes thousands of deliveries', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => aDelivery(`d${index}`, { parent: index % 10 ? `d${index - (index % 10)}` : null }))
    const began = performance.now()
    expect(timelineOf(aRun({ deliveries: many }), NOTHING).rows).toHaveLength(5_000)
    expect(performance.now() - began).toBeLessThan(3_000) // on a busy machine
  })
})
