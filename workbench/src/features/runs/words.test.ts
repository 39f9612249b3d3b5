import { describe, expect, it } from 'vitest'
import { aDelivery, anError, aRun, at } from './fixture'
import { culprit, failureOf, messageOf, progressOf, sentenceOf, statusOf, triggerInWords } from './words'

it('names what started a run', () => {
  expect(triggerInWords('api:place_order')).toEqual({ kind: 'Request', what: 'place_order' })
  expect(triggerInWords('event:order:placed')).toEqual({ kind: 'Message', what: 'order:placed' })
  expect(triggerInWords(null)).toEqual({ kind: 'Unknown', what: '' })
})

it('calls a run that waits for an operator held, and one that waits for a person waiting', () => {
  expect(statusOf(aRun({ waiting_for: 'operator' }))).toBe('held')
  expect(statusOf(aRun({ waiting_for: 'person' }))).toBe('waiting')
  expect(statusOf(aRun({ waiting_for: 'step' }))).toBe('running')
  expect(statusOf(aRun({ status: 'completed', waiting_for: 'operator' }))).toBe('completed')
})

describe('what became of a run', () => {
  const failed = aDelivery('charge', {
    name: 'Charge the customer’s card',
    status: 'failed',
    error: anError('card declined'),
    attempts: [1, 2, 3].map((number) => ({ number, error: anError('card declined') })),
  })

  it('says which step failed, after how many attempts, and why', () => {
    expect(failureOf(failed)).toBe('“Charge the customer’s card” failed after 3 attempts: card declined.')
    expect(sentenceOf(aRun({ status: 'failed', deliveries: [aDelivery('a'), failed] }))).toBe(failureOf(failed))
  })

  it('leaves the number of attempts out when there was one', () => {
    expect(failureOf({ ...failed, attempts: failed.attempts.slice(0, 1) })).toBe('“Charge the customer’s card” failed: card declined.')
  })

  it('points at the delivery whose error ended the run', () => {
    const other = aDelivery('mail', { status: 'failed', error: anError('no such address') })
    expect(culprit(aRun({ status: 'failed', outcome_error: anError('no such address'), deliveries: [failed, other] }))).toBe(other)
  })

  it('says that a held delivery waits for a decision', () => {
    expect(sentenceOf(aRun({ deliveries: [{ ...failed, status: 'held' }] }))).toContain('Somebody has to decide')
  })

  it('counts what was done', () => {
    const run = aRun({ status: 'completed', closed_at: at(2), deliveries: [aDelivery('a'), aDelivery('b', { status: 'skipped' })] })
    expect(sentenceOf(run)).toBe('All is done after 2.00 s: 1 step worked, and one was passed over.')
  })

  it('says why a running one waits', () => {
    expect(sentenceOf(aRun({ why_waiting: '“Ship” at work.' }))).toBe('“Ship” at work.')
  })
})

it.each([
  [0.25, 0.25], [40, 0.4], [{ done: 3, of: 4 }, 0.75], [{ current: 1, total: 2 }, 0.5], [{ percent: 10 }, 0.1],
  [{ progress: 0.2 }, 0.2], ['half', null], [null, null], [{ done: 5 }, null], [[1, 2], null],
])('reads progress from %j', (given, share) => {
  expect(progressOf(given)).toBe(share)
})

it('shows the body of a request, and any other message whole', () => {
  expect(messageOf({ method: 'POST', body: { id: 7 } })).toEqual({ id: 7 })
  expect(messageOf({ status: 201, body: 'x' })).toBe('x')
  expect(messageOf({ body: 'x', status_of: 1 })).toEqual({ body: 'x', status_of: 1 })
})
