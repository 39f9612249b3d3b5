import { describe, expect, it } from 'vitest'
import { aDelivery, anError, aRun, news } from './fixture'
import { patchLines, patchRun, ToldEnds } from './patch'

describe('patchRun', () => {
  it('adds a delivery that the run did not have', () => {
    const run = patchRun(aRun(), [news('delivery.started', { delivery_id: 'd1', step: 'charge', attempt: 1, fields: { topic: 'order.placed' } })])
    expect(run.deliveries).toMatchObject([{ delivery_id: 'd1', step: 'charge', status: 'running', topic: 'order.placed', attempts: [{ number: 1 }] }])
  })

  it('follows a delivery through its attempts', () => {
    const error = { code: 'retryable', message: 'busy' }
    const about = { delivery_id: 'd1', step: 'charge' }
    const entries = [
      news('delivery.started', { ...about, attempt: 1 }),
      news('delivery.failed', { ...about, attempt: 1, message: 'busy', fields: { error } }),
      news('delivery.started', { ...about, attempt: 2 }),
      news('delivery.completed', { ...about, attempt: 2 }),
    ]
    expect(patchRun(aRun(), entries.slice(0, 2)).deliveries[0]).toMatchObject({ status: 'retrying', error: { message: 'busy' } })
    const [delivery] = patchRun(aRun(), entries).deliveries
    expect(delivery).toMatchObject({ status: 'completed', error: null })
    expect(delivery?.attempts.map((each) => each.error?.message ?? 'fine')).toEqual(['busy', 'fine'])
  })

  it('takes no old news for new ones', () => {
    const run = aRun({ deliveries: [aDelivery('d1')] })
    expect(patchRun(run, [news('delivery.started', { delivery_id: 'd1', attempt: 1 }), news('delivery.failed', { delivery_id: 'd1', attempt: 1 })])).toEqual(run)
  })

  it('fails a delivery for good only when the machine says so', () => {
    const run = aRun({ deliveries: [aDelivery('d1', { status: 'running', attempts: [{ number: 1 }] })] })
    const tried = patchRun(run, [news('delivery.failed', { delivery_id: 'd1', attempt: 1, message: 'no' })])
    expect(tried.deliveries[0]?.status).toBe('retrying')
    expect(patchRun(tried, [news('delivery.failed', { delivery_id: 'd1', message: 'no' })]).deliveries[0]?.status).toBe('failed')
  })

  it('ends the run once', () => {
    const ended = patchRun(aRun(), [news('run.failed')])
    expect(ended).toMatchObject({ status: 'failed', waiting_for: null })
    expect(patchRun(ended, [news('run.completed')]).status).toBe('failed')
  })

  it('holds and releases', () => {
    const run = aRun({ deliveries: [aDelivery('d1', { status: 'running', error: anError('closed') })] })
    const held = patchRun(run, [news('delivery.held', { delivery_id: 'd1' })])
    expect(held.deliveries[0]).toMatchObject({ status: 'held', error: { message: 'closed' } })
    expect(patchRun(held, [news('delivery.released', { delivery_id: 'd1' })]).deliveries[0]?.status).toBe('queued')
  })

  it('passes over other runs', () => {
    const run = aRun()
    expect(patchRun(run, [news('run.completed', { run_id: 'other' })])).toBe(run)
  })
})

describe('patchLines', () => {
  const lines = [aRun(), aRun({ run_id: 'r2' })]

  it('changes the lines that there are news about, and no other', () => {
    const patched = patchLines(lines, [news('delivery.held', { run_id: 'r2', delivery_id: 'd' })])
    expect(patched[0]).toBe(lines[0])
    expect(patched[1]).toMatchObject({ waiting_for: 'operator' })
  })

  it('gives the same lines back when there are none', () => {
    expect(patchLines(lines, [news('run.completed', { run_id: 'r9' })])).toBe(lines)
  })
})

describe('ToldEnds', () => {
  it('is believed for a while: what was asked for just before does not know them yet', () => {
    const ends = new ToldEnds()
    ends.hear([news('delivery.completed', { delivery_id: 'd1' }), news('run.completed')], 1_000)
    expect(patchRun(aRun(), ends.lately(2_000)).status).toBe('completed')
    expect(patchLines([aRun(), aRun({ run_id: 'r2' })], ends.lately(2_000)).map(({ status }) => status)).toEqual(['completed', 'running'])
    expect(ends.lately(20_000)).toEqual([])
  })
})
