import { describe, expect, it } from 'vitest'
import type { Api } from '@/api/client'
import {
  MOST_LINES,
  atAxis,
  commandFor,
  drawn,
  durations,
  failures,
  messagesOf,
  midnight,
  neverRan,
  percent,
  rangeOf,
  shareOf,
  sinceOf,
  stretch,
  summed,
  throughput,
  unattended,
} from './model'

const NONE: Api['Figures'] = { started: 0, completed: 0, failed: 0, cancelled: 0, timed_out: 0, held: 0 }

function series(id: string, more: Partial<Api['Columns']> = {}, total: Partial<Api['Figures']> = {}): Api['Series'] {
  const zeros = [0, 0]
  const nothing = [null, null]
  return {
    id,
    name: id,
    total: { ...NONE, ...total },
    points: {
      started: zeros,
      completed: zeros,
      failed: zeros,
      cancelled: zeros,
      timed_out: zeros,
      held: zeros,
      p50: nothing,
      p95: nothing,
      p99: nothing,
      ...more,
    },
  }
}

describe('the address', () => {
  it('says the range and the share, or what is usual', () => {
    expect(rangeOf('24h')).toBe('24h')
    expect(rangeOf('toString')).toBe('1h')
    expect(rangeOf(null)).toBe('1h')
    expect(shareOf('p99')).toBe('p99')
    expect(shareOf('p1')).toBe('p95')
  })

  it('is turned into moments', () => {
    const now = Date.UTC(2026, 2, 4, 12, 30)
    expect(sinceOf('15m', now)).toBe('2026-03-04T12:15:00.000Z')
    const begin = new Date(midnight(now))
    expect([begin.getHours(), begin.getMinutes(), begin.getDate()]).toEqual([0, 0, new Date(now).getDate()])
  })
})

describe('lines', () => {
  const orders = series(
    'orders',
    { started: [3, 1], completed: [2, 0], failed: [1, 0], timed_out: [1, 0], p95: [0.5, null] },
    { started: 4, completed: 2, failed: 1, timed_out: 1, p95: 0.5 },
  )

  it('of throughput count runs that began, and attempts that ended', () => {
    expect(throughput([orders], 'runs')).toEqual([{ id: 'orders', name: 'orders', values: [3, 1], total: 4 }])
    expect(throughput([orders], 'attempts')).toEqual([{ id: 'orders', name: 'orders', values: [4, 0], total: 4 }])
  })

  it('of failures have gaps where nothing ended', () => {
    expect(failures([orders, series('quiet')])).toEqual([
      { id: 'orders', name: 'orders', values: [0.5, null], total: 0.5 },
      { id: 'quiet', name: 'quiet', values: [null, null], total: null },
    ])
  })

  it('of durations show the share that is asked for', () => {
    expect(durations([orders], 'p95')[0]).toMatchObject({ values: [0.5, null], total: 0.5 })
    expect(durations([orders], 'p50')[0]).toMatchObject({ values: [null, null], total: null })
  })

  it('are no more than can be told apart', () => {
    const all = Array.from({ length: 9 }, (_, number) => series(`flow ${number}`))
    const overview = { at: [], width: 60, until: '', all: series(''), series: all }
    expect(drawn(overview).map((each) => each.id)).toEqual(all.slice(0, MOST_LINES).map((each) => each.id))
  })
})

describe('percent', () => {
  it.each([
    [0, '0 %'],
    [0.0001, '< 0.1 %'],
    [0.0123, '1.2 %'],
    [0.02, '2 %'],
    [0.456, '46 %'],
    [1, '100 %'],
  ])('%d is %s', (share, text) => {
    expect(percent(share)).toBe(text)
  })
})

describe('atAxis', () => {
  it.each([
    [0, '0'],
    [500, '500 ms'],
    [1_500, '1.5 s'],
    [5_000, '5 s'],
    [10_000, '10 s'],
    [120_000, '2 min'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(atAxis(milliseconds)).toBe(text)
  })
})

describe('stretch', () => {
  const noon = new Date(2026, 2, 4, 12, 0).getTime()
  it('names the day only when it is another one', () => {
    expect(stretch(noon, 900, noon)).toBe('12:00 – 12:15')
    expect(stretch(noon, 900, noon + 86_400_000)).toMatch(/4.*12:00 – 12:15$/)
    expect(stretch(noon, 86_400, noon)).not.toContain(':')
  })
})

describe('workers', () => {
  const queue: Api['QueueView'] = {
    name: 'shop.steps.go',
    work: 'steps',
    language: 'go',
    steps: ['tell_warehouse'],
    own: false,
    workers: 0,
    backlog: 3,
    backlog_seconds: 12,
    added_per_second: 0,
    done_per_second: 0,
  }

  it('that are missing are named with how to start them', () => {
    const runs: Api['QueueView'] = { ...queue, name: 'shop.runs', work: 'runs', language: 'python' }
    const own: Api['QueueView'] = { ...queue, own: true, language: 'node' }
    const there: Api['QueueView'] = { ...queue, workers: 1 }
    expect(unattended([queue, runs, own, there]).map(({ queue, text }) => [text, commandFor(queue)])).toEqual([
      ['Nobody works on Go steps', 'wistro start --only go'],
      ['Nobody works on runs', 'wistro start --only runs,steps'],
      ['Nobody works on the step tell_warehouse', 'wistro start --only node'],
    ])
  })
})

describe('health', () => {
  const flow: Api['FlowHealth'] = { flow: 'orders', name: 'Orders', figures: NONE, running: 0, held: 0, waiting: 0 }

  it('knows a project that never ran', () => {
    expect(neverRan([flow])).toBe(true)
    expect(neverRan([flow, { ...flow, last_run_at: '2026-03-04T12:00:00Z' }])).toBe(false)
    expect(neverRan([{ ...flow, running: 1 }])).toBe(false)
  })

  it('is summed', () => {
    const busy = { ...flow, running: 2, held: 1, waiting: 4 }
    expect(summed([busy, busy])).toEqual({ running: 4, held: 2, waiting: 8 })
  })
})

it('the last message of each run is kept', () => {
  const entry = { kind: 'run.failed', project: 'shop', at: 1, seq: 1 } as Api['JournalEntry']
  const found = messagesOf([
    { ...entry, run_id: 'a', message: 'new' },
    { ...entry, run_id: 'a', message: 'old' },
    { ...entry, run_id: 'b', message: '' },
  ])
  expect([...found]).toEqual([['a', 'new']])
})
