import { describe, expect, it } from 'vitest'
import { modelOf } from '../model'
import { edge, graph, step } from '../testing'
import { type Box, bunched, linesOf } from './bunches'
import { marksOf } from './marks'

const box = (x: number, y: number): Box => ({ x, y, width: 100, height: 40 })
const links = (count: number) =>
  modelOf(graph([step('pay'), step('ship')], Array.from({ length: count }, (_, at) => edge('pay', `t${at}`, 'ship')))).links
const linesFor = (count: number) =>
  linesOf(
    links(count).map((link) => ({ id: link.id, source: link.source, target: link.target, data: { link, route: null, course: 'right' } })),
    new Map([['pay', box(0, 0)], ['ship', box(300, 100)]]),
  )
const QUIET = { overlay: null, found: null, pointed: null }

describe('linesOf', () => {
  it('goes from the side of one node to that of the other, where the arrow is', () => {
    const [line] = linesFor(1)
    expect(line?.path).toMatch(/^M ?100[ ,]20/)
    expect(line?.path).toMatch(/300[ ,]120$/)
    expect(line?.head).toBe('M300,120l-7.4,-3.4v6.8Z')
  })

  it('leaves out what leads to a node that is not there', () => {
    const [link] = links(1)
    if (!link) throw new Error('there is no link')
    expect(linesOf([{ id: link.id, source: 'pay', target: 'gone', data: { link, route: null, course: 'right' } }], new Map([['pay', box(0, 0)]]))).toEqual([])
  })
})

describe('bunched', () => {
  it('draws neighbours that look the same together', () => {
    const lines = linesFor(40)
    const bunches = bunched(lines, (link) => marksOf(link, QUIET))
    expect(bunches.length).toBeLessThan(5)
    expect(bunches.map((bunch) => bunch.path).join('')).toBe(lines.map((line) => line.path).join(''))
    expect(new Set(bunches.map((bunch) => bunch.key)).size).toBe(bunches.length)
  })

  it('draws anew only where something has changed', () => {
    const paths = (edges: Record<string, { count: number }>) =>
      bunched(linesFor(40), (link) => marksOf(link, { ...QUIET, overlay: { steps: {}, edges } })).map(({ path }) => path)
    const before = paths({})
    expect(paths({ 'pay\nt39\nship': { count: 1 } }).filter((path) => before.includes(path))).toHaveLength(before.length - 1)
  })

  it('draws where a run has gone over what it has not reached', () => {
    const overlay = { steps: {}, edges: { 'pay\nt1\nship': { count: 1 }, 'pay\nt2\nship': { count: 1, active: true } } }
    const bunches = bunched(linesFor(4), (link) => marksOf(link, { ...QUIET, overlay }))
    expect(bunches.map(({ marks }) => [marks.faded, marks.count, marks.active])).toEqual([[true, 0, false], [false, 1, false], [false, 1, true]])
  })
})

describe('marksOf', () => {
  it('lets those of a node that is pointed at stand out, and the others fade', () => {
    const [link] = links(1)
    if (!link) throw new Error('there is no link')
    expect(marksOf(link, { ...QUIET, pointed: 'pay' })).toMatchObject({ pointed: true, faded: false })
    expect(marksOf(link, { ...QUIET, pointed: 'other' })).toMatchObject({ pointed: false, faded: true })
    expect(marksOf(link, { ...QUIET, found: new Set(['other']) })).toMatchObject({ faded: true })
  })
})
