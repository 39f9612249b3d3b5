/** From a flow to what elk lays out, and from its answer to positions and routes. */
import type { ElkExtendedEdge, ElkNode, ElkPort } from 'elkjs/lib/elk-api'
import { edgeText, type FlowModel, type Item, PORTAL_HEIGHT, PORTAL_WIDTH, STEP_HEIGHT, STEP_WIDTH } from './model'

export interface Point {
  x: number
  y: number
}

export interface Size {
  width: number
  height: number
}

export interface Route {
  points: Point[]
  /** How far from the middle of its source's side it begins. */
  offset: number
  /** The middle of the label. */
  label: Point | null
}

/** Flows go from left to right or from top to bottom, whichever shows more of them. */
export type Course = 'right' | 'down'

export interface LaidOut {
  course: Course
  /** Of all of it. */
  size: Size
  positions: Record<string, Point>
  /** By the ids of links; they hold while both ends are where they were laid out. */
  routes: Record<string, Route>
}

const LABEL_HEIGHT = 20
const LETTER = 6.4
const MAX_LABEL = 168
const MAX_PORTS = 9

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.spacing.nodeNodeBetweenLayers': '34',
  'elk.spacing.nodeNode': '36',
  'elk.spacing.edgeNode': '22',
  'elk.spacing.edgeEdge': '14',
  'elk.layered.spacing.edgeNodeBetweenLayers': '22',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '14',
  'elk.spacing.componentComponent': '44',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.portPort': '20',
  'elk.portAlignment.default': 'CENTER',
  'elk.aspectRatio': '1.9',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.thoroughness': '7',
}

/** Large graphs are laid out in a second rather than in ten; a step stands as near to the start as it can. */
const OF_LARGE = {
  'elk.layered.layering.strategy': 'LONGEST_PATH_SOURCE',
  'elk.layered.considerModelOrder.strategy': 'NONE',
  'elk.layered.crossingMinimization.greedySwitch.type': 'OFF',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.layered.thoroughness': '1',
}

export function sizeOf(item: Item, sizes: Readonly<Record<string, Size>> = {}): Size {
  if (item.type === 'portal') return { width: PORTAL_WIDTH, height: PORTAL_HEIGHT }
  return sizes[item.id] ?? { width: STEP_WIDTH, height: STEP_HEIGHT }
}

export function labelWidth(text: string): number {
  return Math.min(MAX_LABEL, Math.ceil(text.length * LETTER) + 16)
}

/** What elk is asked. The sizes are those of nodes that draw themselves; the others are known. */
export function elkGraph(model: FlowModel, sizes: Readonly<Record<string, Size>> = {}, course: Course = 'right'): ElkNode {
  const topics = topicsOut(model)
  const direction = { 'elk.direction': course === 'right' ? 'RIGHT' : 'DOWN' }
  return {
    id: 'flow',
    layoutOptions: { ...OPTIONS, ...direction, ...(model.items.length > LARGE ? OF_LARGE : {}) },
    children: model.items.map((item) => {
      const size = sizeOf(item, sizes)
      return {
        id: item.id,
        ...size,
        ports: ports(item.id, topics.get(item.id) ?? [], course),
        layoutOptions: { 'elk.portConstraints': 'FIXED_SIDE', ...sides(item) },
      }
    }),
    edges: model.links.map((link): ElkExtendedEdge => {
      const text = edgeText(link.edge, false)
      const number = portNumber(topics.get(link.source) ?? [], link.edge.topic)
      return {
        id: link.id,
        sources: [`${link.source}>${number}`],
        targets: [`>${link.target}`],
        labels: [
          {
            id: `${link.id} label`,
            text,
            width: labelWidth(text),
            height: LABEL_HEIGHT,
            layoutOptions: { 'elk.edgeLabels.inline': 'true' },
          },
        ],
      }
    }),
  }
}

/** Each topic that a step emits leaves it at a place of its own, all come in at one; which is where is for elk. */
function ports(id: string, topics: readonly string[], course: Course): ElkPort[] {
  const count = Math.min(topics.length, MAX_PORTS)
  const from = course === 'right' ? 'EAST' : 'SOUTH'
  const to = course === 'right' ? 'WEST' : 'NORTH'
  const port = (name: string, side: string) => ({ id: name, width: 0, height: 0, layoutOptions: { 'elk.port.side': side } })
  return [port(`>${id}`, to), ...Array.from({ length: count }, (_, number) => port(`${id}>${number}`, from))]
}

function portNumber(topics: readonly string[], topic: string): number {
  return Math.max(0, topics.indexOf(topic)) % MAX_PORTS
}

/** The topics that leave each node, in the order of what they lead to. */
function topicsOut(model: FlowModel): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const link of model.links) {
    const topics = found.get(link.source) ?? []
    if (!topics.includes(link.edge.topic)) topics.push(link.edge.topic)
    found.set(link.source, topics)
  }
  return found
}

function sides(item: Item): Record<string, string> {
  if (item.type === 'step') return {}
  return { 'elk.layered.layering.layerConstraint': item.direction === 'from' ? 'FIRST' : 'LAST' }
}

/** From how many nodes on a flow is large: laid out once and quickly, rather than in the best of two ways. */
export const LARGE = 120

/** Of a page's room, so many times wider than high; what is read most easily goes before the better fit. */
const ROOM = { width: 1180, height: 700 }
const PREFERENCE = 1.15

/** The way that shows more: going right is easier to read, as long as it makes nothing much smaller. */
export function better(right: LaidOut, down: LaidOut): LaidOut {
  return scale(right) * PREFERENCE >= scale(down) ? right : down
}

function scale({ size }: LaidOut): number {
  return Math.min(1, ROOM.width / size.width, ROOM.height / size.height)
}

export function laidOut(result: ElkNode, course: Course = 'right'): LaidOut {
  const positions: Record<string, Point> = {}
  for (const node of result.children ?? []) positions[node.id] = { x: node.x ?? 0, y: node.y ?? 0 }
  const sources = new Map((result.children ?? []).flatMap((node) => (node.ports ?? []).map((port) => [port.id, node] as const)))
  const routes: Record<string, Route> = {}
  for (const edge of result.edges ?? []) {
    const section = edge.sections?.[0]
    if (!section) continue
    const label = edge.labels?.[0]
    const source = sources.get(edge.sources[0] ?? '')
    routes[edge.id] = {
      offset: source ? offsetOf(section.startPoint, source, course) : 0,
      points: [section.startPoint, ...(section.bendPoints ?? []), section.endPoint],
      label: label
        ? { x: (label.x ?? 0) + (label.width ?? 0) / 2, y: (label.y ?? 0) + (label.height ?? 0) / 2 }
        : null,
    }
  }
  return { course, size: { width: result.width ?? 1, height: result.height ?? 1 }, positions, routes }
}

function offsetOf(start: Point, { x = 0, y = 0, width = 0, height = 0 }: ElkNode, course: Course): number {
  return course === 'right' ? start.y - (y + height / 2) : start.x - (x + width / 2)
}

/** A path through the points, with round corners. */
export function roundedPath(points: readonly Point[], radius = 9): string {
  const [first, ...rest] = points
  if (!first) return ''
  let path = `M${first.x},${first.y}`
  rest.forEach((point, index) => {
    const before = points[index] ?? first
    const after = rest[index + 1]
    if (!after) {
      path += `L${point.x},${point.y}`
      return
    }
    const from = towards(point, before, radius)
    const to = towards(point, after, radius)
    path += `L${from.x},${from.y}Q${point.x},${point.y} ${to.x},${to.y}`
  })
  return path
}

function towards(corner: Point, other: Point, radius: number): Point {
  const length = Math.hypot(other.x - corner.x, other.y - corner.y)
  if (length === 0) return corner
  const part = Math.min(radius, length / 2) / length
  return { x: corner.x + (other.x - corner.x) * part, y: corner.y + (other.y - corner.y) * part }
}
