import { describe, expect, it } from 'vitest'
import { ancestors, nextError, originsOf, rowsOf, type Span, treeOf } from './model'

const span = (id: string, parent: string | null, start: number, end: number, more: Partial<Span> = {}): Span => ({
  span_id: id, parent_id: parent, name: id, kind: 'internal', start, end, status: 'unset', message: '', scope: '',
  source: 0, flow: null, run_id: null, step: null, delivery_id: null, attempt: null,
  attributes: {}, events: [], links: [], dropped: 0, ...more,
})

const shape = (spans: Span[]) => rowsOf(treeOf(spans), new Set(), new Map(), false).map((row) => `${'.'.repeat(row.depth)}${row.label}`)

describe('treeOf', () => {
  it('puts spans below their parents, in the order in which they began', () => {
    const spans = [span('c', 'a', 6, 8), span('b', 'a', 1, 5), span('a', null, 0, 10), span('d', 'b', 2, 3)]
    expect(shape(spans)).toEqual(['a', '.b', '..d', '.c'])
    const { nodes } = treeOf(spans)
    expect(nodes.get('a')?.self).toBe(4)
    expect(nodes.get('b')?.self).toBe(3)
  })

  it('stands in for a run that still goes on', () => {
    const attempt = { step: 'ship', flow: 'orders', run_id: 'r' }
    expect(shape([span('a', 'gone', 1, 2, attempt), span('b', 'gone', 3, 4, attempt), span('c', 'b', 3, 4)])).toEqual(
      ['run orders', '.a', '.b', '..c'],
    )
    const [run] = rowsOf(treeOf([span('a', 'gone', 1, 2, attempt)]), new Set(), new Map(), false)
    expect(run).toMatchObject({ id: 'gone', start: 1, note: 'still going on' })
    expect(run?.end).toBeUndefined()
  })

  it('leaves a request below a span of somebody else alone', () => {
    expect(shape([span('a', 'theirs', 0, 9), span('b', 'a', 1, 2)])).toEqual(['a', '.b'])
  })

  it('has several roots', () => {
    expect(shape([span('b', null, 5, 6), span('a', null, 0, 1)])).toEqual(['a', 'b'])
  })

  it('loses no span that is its own ancestor, or comes twice', () => {
    expect(shape([span('a', 'b', 0, 1), span('b', 'c', 0, 1), span('c', 'a', 0, 1), span('a', null, 0, 1), span('s', 's', 2, 3)]).map((row) => row.replaceAll('.', '')).sort()).toEqual(
      ['a', 'b', 'c', 's'],
    )
  })

  it('bears clocks that differ, and spans that end before they begin', () => {
    const { nodes } = treeOf([span('a', null, 100, 200), span('b', 'a', 90, 150), span('c', 'a', 180, 170)])
    expect(nodes.get('b')).toMatchObject({ skewed: true })
    expect(nodes.get('a')).toMatchObject({ skewed: false, self: 50 })
    expect(nodes.get('c')?.self).toBe(0)
  })

  it('is nothing without spans', () => {
    expect(treeOf([])).toMatchObject({ roots: [], errors: 0 })
  })

  it('finds what was waited for', () => {
    const { nodes } = treeOf([
      span('a', null, 0, 100), span('quick', 'a', 0, 20), span('slow', 'a', 0, 60), span('inner', 'slow', 10, 50),
      span('last', 'a', 60, 95), span('beside', 'a', 70, 90),
    ])
    expect([...nodes.values()].filter((node) => node.critical).map((node) => node.id)).toEqual(['a', 'slow', 'inner', 'last'])
  })

  it('waits for what outlives what started it', () => {
    const { nodes } = treeOf([
      span('request', null, 0, 10), span('run', 'request', 5, 100), span('first', 'run', 6, 20), span('second', 'run', 21, 99),
    ])
    expect([...nodes.values()].every((node) => node.critical)).toBe(true)
  })

  it.each([
    ['a chain', (index: number) => (index === 0 ? null : `${index - 1}`)],
    ['a fan', (index: number) => (index === 0 ? null : '0')],
    ['orphans', (index: number) => (index % 2 ? 'gone' : 'lost')],
  ])('is quick with 10,000 spans: %s', (_, parent) => {
    const spans = Array.from({ length: 10_000 }, (_, index) => span(`${index}`, parent(index), index, 20_000 - index))
    const began = performance.now()
    const rows = rowsOf(treeOf(spans), new Set(), new Map(), false)
    expect(rows.length).toBeGreaterThanOrEqual(10_000)
    expect(performance.now() - began).toBeLessThan(3_000) // on a busy machine
  })
})

it('closes what is closed', () => {
  const tree = treeOf([span('a', null, 0, 9), span('b', 'a', 1, 2), span('c', 'b', 1, 2)])
  expect(rowsOf(tree, new Set(['b']), new Map(), false).map((row) => [row.id, row.expanded])).toEqual([['a', true], ['b', false]])
  expect(ancestors(tree, 'c')).toEqual(['b', 'a'])
})

it('goes from error to error', () => {
  const tree = treeOf([span('a', null, 0, 9), span('b', 'a', 1, 2, { status: 'error' }), span('c', 'a', 3, 4, { status: 'error' })])
  expect([null, 'b', 'c'].map((at) => nextError(tree, at))).toEqual(['b', 'c', 'b'])
  expect(tree.nodes.get('a')?.errors).toBe(2)
  expect(nextError(treeOf([]), null)).toBeNull()
})

it('tells processes apart by name and language', () => {
  const source = (name: string, language: string) => ({ service: { name, language }, attributes: {} })
  const { origins, tones } = originsOf([source('shop', 'go'), source('shop', 'nodejs'), source('shop', 'go')])
  expect(origins.map((origin) => origin.tone)).toEqual(['series-1', 'series-2'])
  expect([...tones.values()]).toEqual(['series-1', 'series-2', 'series-1'])
})
