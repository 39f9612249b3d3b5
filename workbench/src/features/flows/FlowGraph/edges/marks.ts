import type { GraphState } from '../graphStore'
import type { Link } from '../model'

/** How an edge is drawn at the moment. */
export interface Marks {
  kind: string
  /** How many messages went this way. */
  count: number
  /** One is on its way now. */
  active: boolean
  faded: boolean
  pointed: boolean
}

export function marksOf({ source, target, keys, edge }: Link, { overlay, found, pointed }: Pick<GraphState, 'overlay' | 'found' | 'pointed'>): Marks {
  const count = keys.reduce((total, key) => total + (overlay?.edges[key]?.count ?? 0), 0)
  const touched = pointed === source || pointed === target
  const lost = found !== null && !found.has(source) && !found.has(target)
  return {
    kind: edge.kind === 'message' && (edge.conditional || edge.alternative) ? 'conditional' : edge.kind,
    count,
    active: keys.some((key) => overlay?.edges[key]?.active ?? false),
    faded: (pointed !== null && !touched) || lost || (overlay !== null && count === 0),
    pointed: touched,
  }
}

/** What the styles of edges go by. */
export function attributesOf({ kind, count, faded, pointed }: Marks) {
  return {
    'data-kind': kind,
    'data-faded': faded || undefined,
    'data-passed': count > 0 || undefined,
    'data-pointed': pointed || undefined,
  }
}

/** The colour of its arrowhead. */
export function arrowOf({ kind, count }: Marks): string {
  if (count > 0) return 'passed'
  return kind === 'failure' || kind === 'cross_flow' || kind === 'call' ? kind : 'message'
}
