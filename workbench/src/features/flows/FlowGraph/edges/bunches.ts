import type { Course, Point, Size } from '../layout'
import type { Link } from '../model'
import type { Marks } from './marks'
import type { TopicEdgeType } from './TopicEdge'
import { arrowhead, wayOf } from './way'

/** A node's place and size. */
export type Box = Point & Size

/** An edge as it is drawn from afar. */
export interface Line {
  link: Link
  path: string
  head: string
}

/** Some edges that look the same. */
export interface Bunch {
  key: string
  marks: Marks
  path: string
  heads: string
}

/** Neighbours are drawn together: few elements, of which each is in one place and changes only with what is there. */
const TOGETHER = 16

export function linesOf(edges: readonly TopicEdgeType[], boxes: ReadonlyMap<string, Box>): Line[] {
  return edges.flatMap(({ data, source, target }) => {
    const [from, to] = [boxes.get(source), boxes.get(target)]
    if (!data || !from || !to) return []
    const { path, end } = wayOf({ from: exit(from, data.course), to: entry(to, data.course), route: data.route, course: data.course })
    return [{ link: data.link, path, head: arrowhead(end, data.course) }]
  })
}

/** What matters most comes last: it is drawn over the others. */
export function bunched(lines: readonly Line[], marksOf: (link: Link) => Marks): Bunch[] {
  const bunches = new Map<string, Bunch>()
  lines.forEach(({ link, path, head }, at) => {
    const marks = marksOf(link)
    const key = [Math.floor(at / TOGETHER), marks.kind, marks.count > 0, marks.active, marks.faded, marks.pointed].join(' ')
    const { path: paths = '', heads = '' } = bunches.get(key) ?? {}
    bunches.set(key, { key, marks, path: paths + path, heads: heads + head })
  })
  return [...bunches.values()].sort((one, other) => weight(one.marks) - weight(other.marks))
}

function weight({ count, active, faded, pointed }: Marks): number {
  return (pointed ? 8 : 0) + (active ? 4 : 0) + (count > 0 ? 2 : 0) + (faded ? 0 : 1)
}

function exit({ x, y, width, height }: Box, course: Course): Point {
  return course === 'right' ? { x: x + width, y: y + height / 2 } : { x: x + width / 2, y: y + height }
}

function entry({ x, y, width, height }: Box, course: Course): Point {
  return course === 'right' ? { x, y: y + height / 2 } : { x: x + width / 2, y }
}
