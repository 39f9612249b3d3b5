import { describe, expect, it } from 'vitest'
import type { Entry } from '@/api/live'
import { accepts, asJsonLines, begun, type Lines, MOST, queryOf, sentence, seqOf, withFresh, withOlder } from './model'

const entry = (seq: number, more: Partial<Entry> = {}): Entry => ({
  seq, kind: 'log', project: 'shop', at: seq, level: 'info', message: `line ${seq}`, fields: {}, ...more,
})
const entries = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => entry(from + i))
const lines = (from: number, to: number, before: number | null = from): Lines => ({ entries: entries(from, to), before })
const page = (from: number, to: number, next: number | null = from) => ({ entries: entries(from, to).reverse(), next })
const seqs = (found: Lines) => found.entries.map(seqOf)

describe('merging what comes and what was', () => {
  it('adds what is fresh, once', () => {
    expect(seqs(withFresh(lines(5, 7), [entry(6), entry(7), entry(8)]))).toEqual([5, 6, 7, 8])
    const before = lines(5, 7)
    expect(withFresh(before, [entry(7)])).toBe(before)
  })

  it('adds older pages, once, also when live entries came in between', () => {
    const found = withOlder(withFresh(lines(5, 7), [entry(8)]), { entries: [entry(5), entry(4), entry(3)], next: 3 })
    expect(seqs(found)).toEqual([3, 4, 5, 6, 7, 8])
    expect(found.before).toBe(3)
    expect(withOlder(found, { entries: [], next: null }).before).toBeNull()
  })

  it('begins with the newest page and what came while it was on its way', () => {
    const found = begun(page(3, 5), [entry(4), entry(5), entry(6)])
    expect(seqs(found)).toEqual([3, 4, 5, 6])
    expect(found.before).toBe(3)
    expect(seqs(begun({ entries: [], next: null }, [entry(6)]))).toEqual([6])
  })

  it('keeps only so many, and finds the others on the way back', () => {
    const found = withFresh(lines(1, MOST, null), entries(MOST + 1, MOST + 10))
    expect(found.entries).toHaveLength(MOST)
    expect(found.before).toBe(11)
  })
})

describe('filters', () => {
  const query = (text: string) => queryOf(new URLSearchParams(text))

  it('come from the URL; unknown levels are none', () => {
    expect(query('flow=orders&level=loud&show=logged')).toMatchObject({ flow: 'orders', level: '', logged: true })
  })

  it('decide as the server does', () => {
    const line = entry(1, { flow: 'orders', step: 'pack', level: 'warn', message: 'The Card', fields: { customer: 'Zoë' } })
    for (const wanted of ['', 'flow=orders', 'level=info', 'level=warn', 'text=card', 'text=zoë', 'show=logged', 'step=pack']) {
      expect(accepts(query(wanted), line), wanted).toBe(true)
    }
    for (const wanted of ['flow=parcels', 'level=error', 'text=cat', 'text=ZOË', 'run=7']) {
      expect(accepts(query(wanted), line), wanted).toBe(false)
    }
  })
})

describe('sentences', () => {
  it.each([
    [entry(1, { message: 'packed' }), 'packed'],
    [entry(1, { kind: 'delivery.started', attempt: 2, fields: { topic: 'order.placed' } }), 'Attempt 2 began for order.placed'],
    [entry(1, { kind: 'delivery.completed', fields: { seconds: 0.5, emitted: ['a', 'b'] } }), 'Completed in 500 ms, emitted a, b'],
    [entry(1, { kind: 'run.started', message: 'api:place' }), 'Run started by api place'],
    [entry(1, { kind: 'delivery.held', message: 'no box' }), 'Delivery held: no box'],
    [entry(1, { kind: 'delivery.settled', fields: { emitted: ['a'] } }), 'What it waited for has happened, emitted a'],
    [entry(1, { kind: 'task.answered', message: 'anna' }), 'anna answered'],
    [entry(1, { kind: 'task.answered', message: '' }), 'Somebody answered'],
    [entry(1, { kind: 'run.timed_out', message: '' }), 'Run timed out'],
  ])('%#', (given, words) => {
    expect(sentence(given)).toBe(words)
  })
})

it('writes JSON lines', () => {
  const written = asJsonLines(entries(1, 2)).trimEnd().split('\n')
  expect(written.map((line) => seqOf(JSON.parse(line) as Entry))).toEqual([1, 2])
})
