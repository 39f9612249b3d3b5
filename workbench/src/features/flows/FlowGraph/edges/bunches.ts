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

/** So many are drawn at once: few elements, none of which is everywhere and so drawn for every part of the screen. */
const AT_ONCE = 16

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
  const alike = new Map<string, { marks: Marks; lines: Line[] }>()
  for (const line of lines) {
    const marks = marksOf(line.link)
    const look = [marks.kind, marks.count > 0, marks.active, marks.faded, marks.pointed].join(' ')
    const found = alike.get(look) ?? { marks, lines: [] }
    found.lines.push(line)
    alike.set(look, found)
  }
  return [...alike]
    .sort(([, one], [, other]) => weight(one.marks) - weight(other.marks))
    .flatMap(([look, { marks, lines: all }]) =>
      Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, at) => {
        const some = all.slice(at * AT_ONCE, (at + 1) * AT_ONCE)
        return { key: `${look} ${at}`, marks, path: some.map((line) => line.path).join(''), heads: some.map((line) => line.head).join('') }
      }),
    )
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
