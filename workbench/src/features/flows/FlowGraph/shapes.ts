/** The outline of each kind of node: kinds are told apart without colours, too. */
import type { Look } from './model'

/** An SVG path around a node of this size, half a line's width inside of it. */
export function outline(look: Look, width: number, height: number): string {
  const right = width - 1
  const bottom = height - 1
  const middle = height / 2
  switch (look) {
    // A tag whose left side takes in what comes: a request.
    case 'api':
      return polygon([[1, 1], [right, 1], [right, bottom], [1, bottom], [13, middle]])
    // The clock's ticks come around.
    case 'cron':
      return rounded(width, height, middle - 1)
    // Called, and answers.
    case 'call':
      return polygon([[15, 1], [right - 14, 1], [right, middle], [right - 14, bottom], [15, bottom], [1, middle]])
    // A sheet of paper with a folded corner: somebody has to fill it in.
    case 'task':
      return `M7,1H${right - 18}L${right},19V${bottom - 6}Q${right},${bottom} ${right - 6},${bottom}H7Q1,${bottom} 1,${bottom - 6}V7Q1,1 7,1Z`
    case 'subflow':
      return rounded(width, height, 3)
    case 'event':
    case 'await':
    case 'noop':
      return rounded(width, height, 12)
  }
}

/** Lines inside of the outline. */
export function inlay(look: Look, width: number, height: number): string | null {
  if (look === 'task') return `M${width - 19},1V19H${width - 1}`
  if (look === 'subflow') return `M8,1V${height - 1}M${width - 8},1V${height - 1}`
  return null
}

export function isDashed(look: Look): boolean {
  return look === 'noop' || look === 'await'
}

/** Whether its outline is a rectangle with round corners, which needs no path. */
export function isRound(look: Look): boolean {
  return look === 'event' || look === 'await' || look === 'noop' || look === 'cron'
}

function polygon(points: readonly (readonly [number, number])[]): string {
  return `M${points.map(([x, y]) => `${x},${y}`).join('L')}Z`
}

function rounded(width: number, height: number, radius: number): string {
  const [right, bottom, r] = [width - 1, height - 1, radius]
  return (
    `M${1 + r},1H${right - r}A${r},${r} 0 0 1 ${right},${1 + r}V${bottom - r}A${r},${r} 0 0 1 ${right - r},${bottom}` +
    `H${1 + r}A${r},${r} 0 0 1 1,${bottom - r}V${1 + r}A${r},${r} 0 0 1 ${1 + r},1Z`
  )
}
