/** A trace as a tree, from spans that come in any order, some of them not at all. */

import type { Api } from '@/api/client'
import { lengthOf, type Tone, type WaterfallRow } from '@/components/Waterfall'

export type Span = Api['SpanView']
export type Trace = Api['TraceDetail']

/** A span in its tree. */
export interface Node {
  id: string
  /** Nothing where only the spans below it have come: it still goes on, or is not kept here. */
  span: Span | null
  label: string
  start: number
  end: number
  /** Whether it may still be going on. */
  open: boolean
  /** When it ended with all below it: a request is answered before the run that it started ends. */
  reach: number
  depth: number
  parent: Node | null
  children: Node[]
  /** Milliseconds in which none of the spans below it was under way. */
  self: number
  /** Whether the whole would have been shorter without it. */
  critical: boolean
  /** Spans below it that went wrong. */
  errors: number
  /** Whether it begins before the span that it is part of: the clocks of their machines differ. */
  skewed: boolean
}

export interface Tree {
  roots: Node[]
  nodes: Map<string, Node>
  start: number
  end: number
  errors: number
}

/** The tree of a trace: parents that are missing are stood in for, and what goes round in a circle is cut. */
export function treeOf(spans: readonly Span[]): Tree {
  const nodes = new Map<string, Node>()
  for (const span of spans) {
    if (!nodes.has(span.span_id)) nodes.set(span.span_id, nodeOf(span.span_id, span, span.name, span.start, span.end))
  }
  const roots = connect(nodes)
  const whole = [...nodes.values()].filter((node) => node.span !== null)
  const order = inOrder(roots)
  for (const node of order.toReversed()) {
    node.children.sort((a, b) => a.start - b.start || b.end - a.end)
    node.self = selfTime(node)
    node.reach = node.children.reduce((most, child) => Math.max(most, child.reach), node.end)
    node.errors = node.children.reduce((sum, child) => sum + child.errors + (child.span?.status === 'error' ? 1 : 0), 0)
  }
  roots.sort((a, b) => a.start - b.start)
  markCritical(roots)
  return {
    roots,
    nodes,
    start: whole.reduce((least, node) => Math.min(least, node.start), Infinity),
    end: whole.reduce((most, node) => Math.max(most, node.end), -Infinity),
    errors: whole.filter((node) => node.span?.status === 'error').length,
  }
}

function nodeOf(id: string, span: Span | null, label: string, start: number, end: number): Node {
  return {
    id, span, label, start, end, open: false, reach: end, depth: 0, parent: null, children: [],
    self: 0, critical: false, errors: 0, skewed: false,
  }
}

function connect(nodes: Map<string, Node>): Node[] {
  const roots: Node[] = []
  const orphans = new Map<string, Node[]>()
  for (const node of nodes.values()) {
    const parentId = node.span?.parent_id
    const parent = parentId ? nodes.get(parentId) : undefined
    if (parent) {
      node.parent = parent
      node.skewed = node.start < parent.start
      parent.children.push(node)
    } else if (parentId && !parent) {
      const siblings = orphans.get(parentId)
      if (siblings) siblings.push(node)
      else orphans.set(parentId, [node])
    } else {
      roots.push(node)
    }
  }
  for (const [id, children] of orphans) {
    const stand = standIn(id, children)
    if (stand === null) roots.push(...children)
    else {
      nodes.set(id, stand)
      roots.push(stand)
    }
  }
  cutCircles(nodes, roots)
  return roots
}

/** What no root leads to is part of a circle, or below one: its first span becomes a root. */
function cutCircles(nodes: ReadonlyMap<string, Node>, roots: Node[]): void {
  const reached = new Set(inOrder(roots))
  for (const node of nodes.values()) {
    if (reached.has(node)) continue
    if (node.parent) node.parent.children = node.parent.children.filter((child) => child !== node)
    node.parent = null
    node.skewed = false
    roots.push(node)
    for (const each of inOrder([node])) reached.add(each)
  }
}

/** What the attempts of a run are below while it goes on: its own span comes when it has ended. */
function standIn(id: string, children: Node[]): Node | null {
  const span = children.find((child) => child.span?.step)?.span
  if (!span && children.length < 2) return null
  const start = Math.min(...children.map((child) => child.start))
  const end = Math.max(...children.map((child) => child.end))
  const stand = nodeOf(id, null, span?.flow ? `run ${span.flow}` : 'a span that is not kept here', start, end)
  stand.open = Boolean(span)
  for (const child of children) child.parent = stand
  stand.children = children
  return stand
}

/** Parents before their children; sets depths. Without recursion: a chain may be as long as a trace. */
function inOrder(roots: readonly Node[]): Node[] {
  const found: Node[] = []
  const ahead = roots.toReversed()
  for (let node = ahead.pop(); node; node = ahead.pop()) {
    node.depth = node.parent ? node.parent.depth + 1 : 0
    found.push(node)
    for (let index = node.children.length - 1; index >= 0; index -= 1) ahead.push(node.children[index] as Node)
  }
  return found
}

function selfTime(node: Node): number {
  let covered = 0
  let reached = node.start
  for (const child of node.children) {
    const from = Math.max(reached, child.start)
    const to = Math.min(node.end, child.end)
    if (to > from) covered += to - from
    reached = Math.max(reached, to)
  }
  return Math.max(0, node.end - node.start - covered)
}

/** From the end backwards: what was waited for last, again and again. */
function markCritical(roots: readonly Node[]): void {
  const last = roots.reduce<Node | null>((found, root) => (!found || root.reach > found.reach ? root : found), null)
  const ahead = last ? [last] : []
  for (let node = ahead.pop(); node; node = ahead.pop()) {
    node.critical = true
    let until = node.reach
    for (const child of node.children.toSorted((a, b) => b.reach - a.reach)) {
      // What overlaps with what was waited for later had time.
      if (child.reach <= until + 0.001 && child.reach > node.start) {
        ahead.push(child)
        until = child.start
      }
    }
  }
}

/** The rows to draw, without those below the closed ones. */
export function rowsOf(tree: Tree, closed: ReadonlySet<string>, tones: ReadonlyMap<number, Tone>, onlyCritical: boolean): WaterfallRow[] {
  const rows: WaterfallRow[] = []
  const ahead = tree.roots.toReversed()
  for (let node = ahead.pop(); node; node = ahead.pop()) {
    const isClosed = closed.has(node.id)
    rows.push(rowOf(node, isClosed, tones, onlyCritical))
    if (!isClosed) for (let index = node.children.length - 1; index >= 0; index -= 1) ahead.push(node.children[index] as Node)
  }
  return rows
}

function rowOf(node: Node, isClosed: boolean, tones: ReadonlyMap<number, Tone>, onlyCritical: boolean): WaterfallRow {
  const tone = toneOf(node, tones)
  const end = node.open ? {} : { end: node.end }
  return {
    id: node.id,
    depth: node.depth,
    label: node.label,
    start: node.start,
    ...end,
    tone,
    ...(onlyCritical && !node.critical ? { segments: [{ start: node.start, ...end, tone, thin: true }] } : {}),
    ...(node.children.length > 0 ? { expanded: !isClosed } : {}),
    marks: node.span?.events.filter((event) => event.name === 'exception').map((event) => event.at) ?? [],
    note: node.open ? 'still going on' : lengthOf(node.end - node.start),
  }
}

function toneOf(node: Node, tones: ReadonlyMap<number, Tone>): Tone {
  if (node.span === null) return 'queued'
  return node.span.status === 'error' ? 'failed' : (tones.get(node.span.source) ?? 'series-1')
}

const SERIES: readonly Tone[] = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6']

export interface Origin {
  name: string
  language: string
  tone: Tone
}

/** Who made the spans, told apart by name and language: processes of a kind are one. */
export function originsOf(sources: Trace['sources']): { origins: Origin[]; tones: Map<number, Tone> } {
  const origins = new Map<string, Origin>()
  const tones = new Map<number, Tone>()
  sources.forEach(({ service }, index) => {
    const key = `${service.name}\n${service.language}`
    const origin = origins.get(key) ?? { ...service, tone: SERIES[origins.size % SERIES.length] as Tone }
    origins.set(key, origin)
    tones.set(index, origin.tone)
  })
  return { origins: [...origins.values()], tones }
}

/** The languages of each service, by its name. */
export function languagesOf(services: readonly { name: string; language: string }[]): [string, string[]][] {
  const found = new Map<string, string[]>()
  for (const { name, language } of services) found.set(name, [...(found.get(name) ?? []), ...(language ? [language] : [])])
  return [...found]
}

/** A language as people write it. */
export function languageName(language: string): string {
  return { python: 'Python', nodejs: 'Node', go: 'Go', java: 'Java', dotnet: '.NET', ruby: 'Ruby', webjs: 'Browser' }[language] ?? language
}

/** The next span that went wrong after `current`, in the order of the tree; the first one after the last. */
export function nextError(tree: Tree, current: string | null): string | null {
  const order = inOrder(tree.roots)
  const at = order.findIndex((node) => node.id === current)
  const found = [...order.slice(at + 1), ...order.slice(0, at + 1)].find((node) => node.span?.status === 'error')
  return found?.id ?? null
}

/** Those that must be open for `id` to be seen. */
export function ancestors(tree: Tree, id: string): string[] {
  const found: string[] = []
  for (let node = tree.nodes.get(id)?.parent ?? null; node; node = node.parent) found.push(node.id)
  return found
}
