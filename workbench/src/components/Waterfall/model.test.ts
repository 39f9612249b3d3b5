import { describe, expect, it } from 'vitest'
import { extent, lengthOf, move, pan, span, ticks, type WaterfallRow, zoom } from './model'

const row = (id: string, depth: number, more: Partial<WaterfallRow> = {}): WaterfallRow => ({
  id, depth, label: id, start: 0, end: 1, tone: 'completed', ...more,
})

describe('extent', () => {
  it('reaches from the first beginning to the last end, or to now', () => {
    expect(extent([row('a', 0, { start: 5, end: 9 }), row('b', 1, { start: 7, end: undefined })], 20)).toEqual({ from: 5, to: 20 })
    expect(extent([row('a', 0, { start: 5, end: 9, segments: [{ start: 2, end: 12, tone: 'queued' }] })], 0)).toEqual({ from: 2, to: 12 })
  })
  it('has a width where nothing took time, and without rows', () => {
    const { from, to } = extent([row('a', 0, { start: 5, end: 5 })], 9)
    expect(to).toBeGreaterThan(from)
    expect(extent([], 7)).toEqual({ from: 7, to: 8 })
  })
})

describe('span', () => {
  const view = { from: 100, to: 200 }
  it('cuts what reaches out of view', () => {
    expect(span(view, 50, 150)).toEqual({ left: 0, width: 0.5 })
    expect(span(view, 150, 900)).toEqual({ left: 0.5, width: 0.5 })
    expect(span(view, 0, 50)).toBeNull()
  })
  it('draws what ends before it begins as a moment', () => {
    expect(span(view, 150, 120)).toEqual({ left: 0.5, width: 0 })
  })
})

describe('zoom and pan', () => {
  const whole = { from: 0, to: 100 }
  it('stay within what there is', () => {
    expect(zoom(whole, 0.5, 0.5, whole)).toEqual({ from: 25, to: 75 })
    expect(zoom({ from: 25, to: 75 }, 4, 0.1, whole)).toEqual(whole)
    expect(pan({ from: 25, to: 75 }, 1, whole)).toEqual({ from: 50, to: 100 })
    expect(pan({ from: 25, to: 75 }, -1, whole)).toEqual({ from: 0, to: 50 })
  })
})

describe('ticks', () => {
  it('are round', () => {
    expect(ticks({ from: 1000, to: 1047 }, 1000, 5)).toEqual([0, 10, 20, 30, 40])
    expect(ticks({ from: 0, to: 150_000 }, 0, 5)).toEqual([0, 30_000, 60_000, 90_000, 120_000, 150_000])
  })
})

it('says lengths as people do', () => {
  expect([0, 0.34, 1.256, 12.54, 340, 3210, 250_000, 7_260_000, 180_000_000].map(lengthOf)).toEqual(
    ['0', '340 µs', '1.26 ms', '12.5 ms', '340 ms', '3.21 s', '4 min 10 s', '2 h 1 min', '2 d 2 h'],
  )
})

describe('move', () => {
  const rows = [row('a', 0, { expanded: true }), row('b', 1, { expanded: false }), row('c', 1), row('d', 0)]
  it.each([
    [null, 'ArrowDown', { to: 'a' }],
    ['a', 'ArrowDown', { to: 'b' }],
    ['a', 'ArrowUp', { to: 'a' }],
    ['a', 'ArrowRight', { to: 'b' }],
    ['b', 'ArrowRight', { toggle: 'b' }],
    ['c', 'ArrowRight', {}],
    ['a', 'ArrowLeft', { toggle: 'a' }],
    ['c', 'ArrowLeft', { to: 'a' }],
    ['c', 'End', { to: 'd' }],
    ['d', 'Home', { to: 'a' }],
    ['d', 'x', null],
  ])('%s, %s', (current, key, expected) => {
    expect(move(rows, current, key)).toEqual(expected)
  })
})
