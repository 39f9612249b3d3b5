/** Moving through a graph with the arrow keys: along its edges, and between nodes beside each other. */
import type { Course, Point } from './layout'

export type Direction = 'left' | 'right' | 'up' | 'down'

export const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

interface Connection {
  source: string
  target: string
}

type Positions = Readonly<Record<string, Point>>

/** How far apart in x nodes of one column may be. */
const COLUMN = 90

/** What an arrow key means where a flow goes from top to bottom, as if it went to the right. */
const TURNED: Readonly<Record<Direction, Direction>> = { down: 'right', up: 'left', right: 'down', left: 'up' }

/** The node that an arrow key leads to: with the course of the flow along what goes out, against it along what comes in. */
export function neighbour(
  direction: Direction, from: string, positions: Positions, links: readonly Connection[], course: Course = 'right',
): string | null {
  if (course === 'down') return neighbour(TURNED[direction], from, turned(positions), links)
  const here = positions[from]
  if (!here) return null
  if (direction === 'up' || direction === 'down') return beside(direction, from, here, positions)
  const connected = links
    .filter((link) => link.source !== link.target)
    .filter((link) => (direction === 'right' ? link.source : link.target) === from)
    .map((link) => (direction === 'right' ? link.target : link.source))
  return nearest(here, connected, positions)
}

/** The node to begin with: the first one of the first column, or row. */
export function firstNode(positions: Positions, course: Course = 'right'): string | null {
  if (course === 'down') return firstNode(turned(positions))
  const entries = Object.entries(positions)
  const left = Math.min(...entries.map(([, at]) => at.x))
  const column = entries.filter(([, at]) => at.x - left < COLUMN).sort(([, a], [, b]) => a.y - b.y)
  return column[0]?.[0] ?? null
}

function turned(positions: Positions): Record<string, Point> {
  return Object.fromEntries(Object.entries(positions).map(([id, { x, y }]) => [id, { x: y, y: x }]))
}

function beside(direction: 'up' | 'down', from: string, here: Point, positions: Positions): string | null {
  const sign = direction === 'down' ? 1 : -1
  const candidates = Object.entries(positions)
    .filter(([id, at]) => id !== from && (at.y - here.y) * sign > 1)
    .map(([id, at]) => {
      const aside = Math.abs(at.x - here.x)
      // In the same column first; else whatever is nearest, so that every node can be reached.
      return { id, cost: (at.y - here.y) * sign + (aside < COLUMN ? 0 : 2_000 + aside * 2) }
    })
    .sort((a, b) => a.cost - b.cost)
  return candidates[0]?.id ?? null
}

function nearest(here: Point, ids: readonly string[], positions: Positions): string | null {
  const distance = (id: string) => {
    const at = positions[id]
    return at ? Math.hypot((at.x - here.x) / 2, at.y - here.y) : Number.POSITIVE_INFINITY
  }
  return [...ids].sort((a, b) => distance(a) - distance(b))[0] ?? null
}
