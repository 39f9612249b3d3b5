import { describe, expect, it } from 'vitest'
import { firstNode, neighbour } from './keyboard'

const positions = {
  start: { x: 0, y: 100 }, other: { x: 10, y: 300 }, upper: { x: 400, y: 0 }, lower: { x: 400, y: 220 }, end: { x: 800, y: 110 }, alone: { x: 1600, y: 900 },
}
const links = [
  { source: 'start', target: 'upper' }, { source: 'start', target: 'lower' }, { source: 'upper', target: 'end' },
  { source: 'lower', target: 'end' }, { source: 'end', target: 'end' },
]

describe('neighbour', () => {
  it('goes along edges to the nearest', () => {
    expect(neighbour('right', 'start', positions, links)).toBe('upper')
    expect(neighbour('left', 'end', positions, links)).toBe('upper')
    expect(neighbour('right', 'end', positions, links)).toBeNull()
  })
  it('goes up and down within a column first', () => {
    expect(neighbour('down', 'upper', positions, links)).toBe('lower')
    expect(neighbour('up', 'lower', positions, links)).toBe('upper')
    expect(neighbour('down', 'start', positions, links)).toBe('other')
  })
  it('reaches every node, also those that nothing leads to', () => {
    expect(neighbour('down', 'end', positions, links)).toBe('lower')
    expect(neighbour('down', 'other', positions, links)).toBe('alone')
    expect(neighbour('up', 'alone', positions, links)).not.toBeNull()
  })
  it('goes along edges downwards where the flow does', () => {
    const down = Object.fromEntries(Object.entries(positions).map(([id, { x, y }]) => [id, { x: y, y: x }]))
    expect(neighbour('down', 'start', down, links, 'down')).toBe('upper')
    expect(neighbour('up', 'end', down, links, 'down')).toBe('upper')
    expect(neighbour('right', 'upper', down, links, 'down')).toBe('lower')
    expect(firstNode(down, 'down')).toBe('start')
  })
  it('knows nothing of nodes that are not there', () => {
    expect(neighbour('up', 'gone', positions, links)).toBeNull()
  })
})

describe('firstNode', () => {
  it('is the uppermost of the first column', () => {
    expect(firstNode(positions)).toBe('start')
    expect(firstNode({})).toBeNull()
  })
})
