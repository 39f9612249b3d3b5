/** Moving through a graph with the arrow keys: along its edges, and between nodes beside each other. */
import type { Point } from './layout'

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

/** The node that an arrow key leads to: right along what goes out, left along what comes in. */
export function neighbour(
  direction: Direction, from: string, positions: Positions, links: readonly Connection[],
): string | null {
  const here = positions[from]
  if (!here) return null
  if (direction === 'up' || direction === 'down') return beside(direction, from, here, positions)
  const connected = links
    .filter((link) => link.source !== link.target)
    .filter((link) => (direction === 'right' ? link.source : link.target) === from)
    .map((link) => (direction === 'right' ? link.target : link.source))
  return nearest(here, connected, positions)
}

/** The node to begin with: the uppermost of the first column. */
export function firstNode(positions: Positions): string | null {
  const entries = Object.entries(positions)
  const left = Math.min(...entries.map(([, at]) => at.x))
  const column = entries.filter(([, at]) => at.x - left < COLUMN).sort(([, a], [, b]) => a.y - b.y)
  return column[0]?.[0] ?? null
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
