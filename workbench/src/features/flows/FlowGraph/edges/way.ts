import { getSmoothStepPath, Position } from '@xyflow/react'
import { type Course, type Point, type Route, roundedPath } from '../layout'

export interface Way {
  path: string
  /** The middle of the label. */
  label: Point
  /** Where the arrow is. */
  end: Point
}

interface Ends {
  from: Point
  to: Point
  route: Route | null
  course: Course
}

/** The way that was laid out, while both ends are where they were; else a step between the two. */
export function wayOf({ from: middleOfSide, to, route, course }: Ends): Way {
  const right = course === 'right'
  const offset = route?.offset ?? 0
  const from = { x: middleOfSide.x + (right ? 0 : offset), y: middleOfSide.y + (right ? offset : 0) }
  const [first, last] = [route?.points[0], route?.points.at(-1)]
  if (route && first && last && near(first, from) && near(last, to)) {
    return { path: roundedPath(route.points), label: route.label ?? middle(route.points), end: last }
  }
  const [path, x, y] = getSmoothStepPath({
    sourceX: from.x, sourceY: from.y, sourcePosition: right ? Position.Right : Position.Bottom,
    targetX: to.x, targetY: to.y, targetPosition: right ? Position.Left : Position.Top, borderRadius: 9, offset: 24,
  })
  return { path, label: { x, y }, end: to }
}

/** An arrowhead, closed, whose point is there. */
export function arrowhead({ x, y }: Point, course: Course): string {
  return course === 'right' ? `M${x},${y}l-7.4,-3.4v6.8Z` : `M${x},${y}l-3.4,-7.4h6.8Z`
}

/** Handles are a pixel wide and rounded: a few pixels are the same place. */
function near(a: Point, b: Point): boolean {
  return Math.abs(a.x - b.x) < 4 && Math.abs(a.y - b.y) < 4
}

function middle(points: readonly Point[]): Point {
  return points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 }
}
