import { describe, expect, it } from 'vitest'
import {
  addressOf,
  approves,
  dueInWords,
  filtersOf,
  gistOf,
  labelOf,
  outcomeInWords,
  progressOf,
  refusalOf,
  valueInWords,
  verdictOf,
  wayTo,
  whoFor,
} from './model'

const NOON = Date.parse('2030-01-31T12:00:00Z')

describe('filters', () => {
  it('are what the address says, all that are open when it says nothing', () => {
    expect(filtersOf(new URLSearchParams())).toMatchObject({ status: 'open', mine: false, overdue: false, flow: null })
    expect(addressOf(filtersOf(new URLSearchParams())).toString()).toBe('')
  })

  it('go into the address and come back', () => {
    const address = 'status=closed&whose=me&overdue=yes&flow=refunds&role=finance'
    expect(addressOf(filtersOf(new URLSearchParams(address))).toString()).toBe(address)
  })
})

describe('the gist of a request', () => {
  it.each([
    [{ order: { id: '7', note: null, customer: 'Ada' }, risk: 'high', reasons: ['late'] }, 'Id: 7 · Customer: Ada · Risk: high'],
    [{ lines: [{ article: 'gear' }, { article: 'lamp' }] }, 'Article: gear · Article: lamp'],
    ['Please', 'Please'],
    [{ text: 'x'.repeat(70) }, `Text: ${'x'.repeat(60)}…`],
    [{}, ''],
    [null, ''],
  ])('%#', (request, gist) => {
    expect(gistOf(request)).toBe(gist)
  })
})

describe('deadlines', () => {
  it.each([
    ['2030-01-31T13:30:00Z', 'Due in 1 h 30 min', 'soon'],
    ['2030-02-02T15:20:00Z', 'Due in 2 d 3 h', 'calm'],
    ['2030-01-31T11:15:20Z', 'Overdue by 44 min', 'overdue'],
    ['2030-01-31T11:59:59Z', 'Overdue by 1 min', 'overdue'],
  ])('%s is “%s”', (due, text, urgency) => {
    expect(dueInWords(due, NOON)).toEqual({ text, urgency })
  })

  it('are not made up', () => {
    expect(dueInWords(null, NOON)).toBeNull()
  })
})

describe('who may answer', () => {
  it.each([
    [[], [], 'Anybody'],
    [[], ['finance', 'law'], 'Anybody with the role finance or anybody with the role law'],
    [['ada'], [], 'ada'],
    [['ada', 'bob'], ['finance'], 'ada, bob or anybody with the role finance'],
  ])('%j and %j', (assignees, roles, text) => {
    expect(whoFor({ assignees, roles })).toBe(text)
  })
})

describe('decisions of several people', () => {
  const vote = (by: string, approved: boolean) => ({ by, at: '2030-01-31T12:00:00Z', answer: { approved } })
  const asked = { answers: [], votes: 0, assignees: [], roles: [], status: 'open' as const }

  it('say how far they are', () => {
    const task = { ...asked, approval: { needed: 2, of: 3, veto: true }, answers: [vote('ada', true)], votes: 1 }
    expect(progressOf(task)).toEqual({
      approved: 1,
      answered: 1,
      needed: 2,
      of: 3,
      sentence: 'It takes 2 approvals of 3 people. A single refusal decides it.',
      missing: null,
    })
  })

  it('say who is missing, until they are over', () => {
    const task = { ...asked, approval: { needed: 2, veto: false }, assignees: ['ada', 'bob', 'carl'], answers: [vote('bob', false)], votes: 1 }
    expect(progressOf(task)).toMatchObject({
      approved: 0,
      of: 3,
      sentence: 'It takes 2 approvals of 3 people.',
      missing: 'ada and carl have not answered yet.',
    })
    expect(progressOf({ ...task, status: 'closed' })?.missing).toBeNull()
    expect(progressOf({ ...task, roles: ['finance'] })?.of).toBeNull()
  })

  it('are nothing where one answer is enough', () => {
    expect(progressOf({ ...asked, approval: null })).toBeNull()
    expect(progressOf({ ...asked, approval: { needed: 1, veto: false } })).toBeNull()
  })

  it('do not guess what an answer means', () => {
    expect(approves({ amount: 3 })).toBeNull()
    expect(approves('yes')).toBeNull()
  })
})

it('says what became of a task', () => {
  expect(outcomeInWords({ outcome: 'approved', emitted: ['refund.approved'] })).toBe(
    'Approved. The run went on with “refund.approved”.',
  )
  expect(outcomeInWords({ outcome: null, emitted: [] })).toBe('Closed without an answer.')
})

it('names fields and values for people', () => {
  expect([labelOf('order_id'), labelOf('customerName')]).toEqual(['Order id', 'Customer name'])
  expect([valueInWords(true), valueInWords(null), valueInWords(['a', 'b']), valueInWords({})]).toEqual(['Yes', '—', 'a, b', null])
})

it('refuses files that are too large before they are sent', () => {
  expect(refusalOf({ name: 'a.pdf', size: 2_000_000 })).toBe('“a.pdf” has 2.0 MB; a file may have 1 MB at most.')
  expect(refusalOf({ name: 'a.pdf', size: 10 })).toBeNull()
})

describe('forms that ask for a yes or no', () => {
  it('keep what else they ask for', () => {
    const schema = {
      type: 'object',
      properties: { approved: { type: 'boolean' }, reason: { type: 'string' } },
      required: ['approved', 'reason'],
    }
    expect(verdictOf(schema)).toEqual({
      rest: { type: 'object', properties: { reason: { type: 'string' } }, required: ['reason'] },
      more: true,
    })
  })

  it('are told from others', () => {
    expect(verdictOf({ type: 'object', properties: { amount: { type: 'number' } } })).toBeNull()
    expect(verdictOf(null)).toBeNull()
  })
})

it('tells the way to a task', () => {
  const delivery = (delivery_id: string, name: string, queued_at: string) => ({ delivery_id, name, status: 'completed' as const, queued_at })
  const run = [delivery('1', 'Ask', 'a'), delivery('2', 'Check', 'b'), delivery('3', 'Check', 'b'), delivery('4', 'Approve', 'c'), delivery('5', 'Later', 'd')]
  expect(wayTo(run, '4')).toEqual([
    { name: 'Ask', status: 'completed', count: 1 },
    { name: 'Check', status: 'completed', count: 2 },
  ])
})
