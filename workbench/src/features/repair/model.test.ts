import { describe, expect, it } from 'vitest'
import { byGroup, type HeldDelivery, type HeldGroup, keyOf, leftInWords, linesIn, type Released, releasedInWords, selectedOf, toggled } from './held'
import { changes, type Delivery, deliveryRepairs, doneSentence, type Run, runRepairs, titleOf, wireAction } from './model'

const run = (status: Run['status'], trigger = 'api:create'): Run => ({ flow: 'orders', run_id: 'r', status, trigger })
const delivery = (status: Delivery['status']): Delivery => ({ delivery_id: 'd', step: 'pay', name: 'Pay', status, input: {} })

function reasons(choices: { action: string; reason: string | null }[]) {
  return Object.fromEntries(choices.map(({ action, reason }) => [action, reason]))
}

describe('repairs of a delivery', () => {
  it('of a running run that is held', () => {
    expect(reasons(deliveryRepairs(run('running'), delivery('held'), true))).toEqual({ retry: null, edit: null, skip: null, fork: null })
  })

  it('that is completed: only a fork makes sense', () => {
    const found = reasons(deliveryRepairs(run('running'), delivery('completed'), true))
    expect(found.fork).toBeNull()
    expect(found.retry).toBe('It is completed; fork from here to make it again.')
    expect(found.skip).toBe('It is completed.')
  })

  it('that failed with its run', () => {
    expect(reasons(deliveryRepairs(run('failed'), delivery('failed'), true))).toEqual({
      retry: null,
      edit: null,
      skip: 'The run has ended.',
      fork: null,
    })
  })

  it('say why, to people who may only look', () => {
    const found = deliveryRepairs(run('running'), delivery('held'), false)
    expect(new Set(found.map(({ reason }) => reason))).toEqual(new Set(['Your access lets you look, not change anything.']))
  })
})

describe('repairs of a run', () => {
  it.each([
    ['running', ['cancel']],
    ['failed', ['resume']],
    ['completed', []],
  ] as const)('%s: %j', (status, actions) => {
    expect(runRepairs(run(status), true).map(({ action }) => action)).toEqual(actions)
  })

  it('of a called run: its answer can be sent again', () => {
    expect(runRepairs(run('completed', 'call:quote'), true).map(({ action }) => action)).toEqual(['redeliver'])
  })
})

it('says what it asks and what was done', () => {
  expect(titleOf('fork', delivery('completed'))).toBe('Fork from “Pay”?')
  expect(doneSentence('retry', delivery('held'), false)).toBe('“Pay” is being made again in this run.')
  expect(doneSentence('retry', delivery('failed'), true)).toBe('“Pay” is being made again in a new run.')
  expect([wireAction('edit'), wireAction('resume'), wireAction('skip')]).toEqual(['retry', 'fork', 'skip'])
})

describe('what an edit changes', () => {
  it('line by line', () => {
    const found = changes({ id: 7, card: 'declined' }, { id: 7, card: 'good', note: 'x' })
    expect(found.filter(({ kind }) => kind !== 'same')).toEqual([
      { kind: 'gone', text: '  "card": "declined"' },
      { kind: 'new', text: '  "card": "good",' },
      { kind: 'new', text: '  "note": "x"' },
    ])
    expect(found.filter(({ kind }) => kind === 'same').map(({ text }) => text)).toEqual(['{', '  "id": 7,', '}'])
  })

  it('nothing', () => {
    expect(changes({ a: [1] }, { a: [1] })).toEqual([])
  })
})

describe('held deliveries', () => {
  const held = (run_id: string, step: string): HeldDelivery => ({
    flow: 'orders',
    run_id,
    delivery_id: step,
    step,
    name: step,
    error_code: 'timeout',
    error: 'late',
    attempts: 1,
    run_started_at: '2030-01-31T12:00:00Z',
  })
  const group = (step: string): HeldGroup => ({
    flow: 'orders',
    step,
    name: step,
    error_code: 'timeout',
    example: 'late',
    deliveries: 1,
    runs: 1,
    oldest: '2030-01-31T12:00:00Z',
  })
  const [one, two, other] = [held('1', 'pay'), held('2', 'pay'), held('1', 'ship')]

  it('belong to the group of their step and error', () => {
    const found = byGroup([group('ship'), group('pay')], [one, other, two])
    expect(found.map(({ items }) => items.map(({ run_id }) => run_id))).toEqual([['1'], ['1', '2']])
  })

  it('are selected one by one and all at once', () => {
    const some = new Set([keyOf(one)])
    expect(selectedOf([one, two], some)).toBe('some')
    const all = toggled([one, two], some)
    expect(selectedOf([one, two], all)).toBe('all')
    expect(selectedOf([one, two], toggled([one, two], all))).toBe('none')
    expect(selectedOf([other], all)).toBe('none')
  })

  it('are told of line by line, however the lines come in', () => {
    expect(linesIn('{"a":1}\n{"b"')).toEqual([['{"a":1}'], '{"b"'])
    expect(linesIn('{"b":2}\n')).toEqual([['{"b":2}'], ''])
  })

  it('are summed up once they are released, or some of them', () => {
    const line = (outcome: Released['outcome']): Released => ({
      ...{ kind: 'item', flow: 'orders', run_id: '1', delivery_id: 'pay', step: 'pay' },
      ...{ outcome, error_code: null, message: null, done: 1, total: 1 },
    })
    expect(releasedInWords([line('done')], 'skip')).toBe('1 delivery is skipped.')
    expect(releasedInWords([line('done'), line('gone'), line('done'), line('failed')], 'retry')).toBe(
      '2 deliveries are made again; 1 no longer held; 1 could not be reached.',
    )
    expect(leftInWords(4, 'stopped')).toBe('Stopped: the other 4 are still held.')
    expect(leftInWords(0, 'stopped')).toBe('')
    expect(leftInWords(1, 'broken')).toBe('It broke off: what became of the other one is not known. The list shows what is still held.')
  })
})
