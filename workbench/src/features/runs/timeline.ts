import type { Segment, Tone, WaterfallRow } from '@/components/Waterfall'
import { lookOf } from '@/components/StatusBadge/StatusBadge'
import { type Attempt, counted, type Delivery, progressOf, type Run } from './words'

/** What a row of the timeline stands for. */
export type Item =
  | { kind: 'delivery'; delivery: Delivery }
  | { kind: 'run'; link: Run['related'][number] }
  | { kind: 'wait'; wait: Run['waits'][number] }

export interface Timeline {
  rows: WaterfallRow[]
  items: ReadonlyMap<string, Item>
}

/** Every delivery below the one whose message it got, with what it called, and what the run waits for. */
export function timelineOf(run: Run, closed: ReadonlySet<string>): Timeline {
  const items = new Map<string, Item>()
  const rows: WaterfallRow[] = []
  const children = childrenOf(run)
  // What an ended run left open, it does not go on with.
  const over = at(run.closed_at)
  const links = new Map<string, Run['related']>()
  for (const link of run.related) {
    if (link.relation !== 'started') continue
    const key = link.delivery_id ?? ''
    links.set(key, [...(links.get(key) ?? []), link])
  }
  const add = (delivery: Delivery, depth: number) => {
    const id = delivery.delivery_id
    const below = children.get(id) ?? []
    const called = links.get(id) ?? []
    const parent = below.length + called.length > 0
    rows.push({ ...deliveryRow(delivery, depth, over), ...(parent ? { expanded: !closed.has(id) } : {}) })
    items.set(id, { kind: 'delivery', delivery })
    if (closed.has(id)) return
    for (const link of called) addRun(link, depth + 1)
    for (const child of below) add(child, depth + 1)
  }
  const addRun = (link: Run['related'][number], depth: number) => {
    const row = linkRow(link, depth)
    if (!row) return
    rows.push(row)
    items.set(row.id, { kind: 'run', link })
  }
  for (const delivery of children.get('') ?? []) add(delivery, 0)
  for (const link of links.get('') ?? []) addRun(link, 0)
  for (const [index, wait] of run.waits.entries()) {
    if (wait.kind !== 'join') continue
    const id = `wait:${index}`
    rows.push(joinRow(run, wait, id))
    items.set(id, { kind: 'wait', wait })
  }
  return { rows, items }
}

/** The deliveries below each delivery; those without a parent below the empty id. */
export function childrenOf(run: Run): Map<string, Delivery[]> {
  const known = new Set(run.deliveries.map((each) => each.delivery_id))
  const found = new Map<string, Delivery[]>()
  for (const delivery of run.deliveries) {
    const parent = delivery.parent && known.has(delivery.parent) ? delivery.parent : ''
    const list = found.get(parent)
    if (list) list.push(delivery)
    else found.set(parent, [delivery])
  }
  return found
}

const at = (text: string | null | undefined) => (text ? Date.parse(text) : undefined)

function deliveryRow(delivery: Delivery, depth: number, over: number | undefined): WaterfallRow {
  const segments = segmentsOf(delivery).map((each) => (each.end === undefined && over !== undefined ? { ...each, end: Math.max(over, each.start) } : each))
  const start = at(delivery.queued_at) ?? segments[0]?.start ?? at(delivery.started_at) ?? Date.now()
  const end = ended(delivery) ? (at(delivery.finished_at) ?? segments.at(-1)?.end ?? start) : over && Math.max(over, start)
  const tried = delivery.attempts.length > 1 ? counted(delivery.attempts.length, 'attempt') : null
  const progress = ended(delivery) ? null : progressOf(delivery.progress)
  const note = [
    progress === null ? null : `${Math.round(progress * 100)} %`,
    delivery.status === 'completed' ? null : lookOf(delivery.status).word.toLowerCase(),
    tried,
  ].filter(Boolean)
  return {
    id: delivery.delivery_id,
    depth,
    label: delivery.name,
    start,
    ...(end === undefined ? {} : { end }),
    tone: toneOf(delivery.status),
    segments,
    ...(note.length > 0 ? { note: note.join(' · ') } : {}),
  }
}

const toneOf = (status: string): Tone => lookOf(status).tone

const ended = (delivery: Delivery) => !['queued', 'running', 'waiting', 'retrying', 'held'].includes(delivery.status)

/** In the queue, at work, between attempts, waiting for somebody: each drawn by itself. */
function segmentsOf(delivery: Delivery): Segment[] {
  const found: Segment[] = []
  const queued = at(delivery.queued_at)
  if (delivery.status === 'waiting' || (delivery.attempts.length === 0 && delivery.finished_at)) {
    const start = at(delivery.started_at) ?? queued
    if (start !== undefined) found.push(piece(start, at(delivery.finished_at), 'waiting', 'Waited for somebody or something outside', true))
    return found
  }
  let free = queued
  for (const [index, attempt] of delivery.attempts.entries()) {
    const start = at(attempt.started_at)
    if (start === undefined) continue
    if (free !== undefined && start > free) {
      const again = attempt.number > 1
      found.push(piece(free, start, again ? 'held' : 'queued', again ? 'Waited to try again' : 'In the queue', true))
    }
    // Nobody saw the end of an attempt whose worker was lost: it was over when the next one began.
    const end = at(attempt.finished_at) ?? at(delivery.attempts[index + 1]?.started_at)
    found.push(piece(start, end, toneOfAttempt(delivery, attempt), `Attempt ${attempt.number}${attempt.error ? `: ${attempt.error.message}` : ''}`))
    free = end
  }
  if (!ended(delivery) && free !== undefined && !found.some((each) => each.end === undefined)) {
    const held = delivery.status === 'held'
    const title = held ? 'Waits for an operator' : delivery.status === 'retrying' ? 'Waits to try again' : 'In the queue'
    found.push(piece(free, undefined, held || delivery.status === 'retrying' ? 'held' : 'queued', title, true))
  }
  return found
}

function toneOfAttempt(delivery: Delivery, attempt: Attempt): Tone {
  if (attempt.error) return 'failed'
  if (attempt.finished_at) return delivery.status === 'cancelled' ? 'cancelled' : 'completed'
  return ended(delivery) ? toneOf(delivery.status) : 'running'
}

function piece(start: number, end: number | undefined, tone: Tone, title: string, thin = false): Segment {
  return { start, tone, title, ...(end === undefined ? {} : { end }), ...(thin ? { thin } : {}) }
}

function linkRow(link: Run['related'][number], depth: number): WaterfallRow | null {
  const start = at(link.started_at)
  if (start === undefined) return null
  const end = at(link.closed_at)
  return {
    id: `run:${link.flow}/${link.run_id}`,
    depth,
    label: link.flow_name ?? link.flow,
    start,
    ...(end === undefined ? {} : { end }),
    tone: toneOf(link.status ?? 'queued'),
    note: `run of ${link.flow_name ?? link.flow}`,
  }
}

function joinRow(run: Run, wait: Run['waits'][number], id: string): WaterfallRow {
  const since = run.deliveries
    .filter((each) => each.emissions.some((emission) => wait.received.includes(emission.topic)))
    .map((each) => at(each.finished_at) ?? Infinity)
  const start = Math.min(...since, at(run.closed_at) ?? Date.now())
  const got = wait.needed ? `${wait.received.length} of ${wait.needed} messages` : counted(wait.received.length, 'message')
  return {
    id,
    depth: 0,
    label: wait.name ?? wait.step ?? 'Join',
    start,
    tone: 'waiting',
    segments: [piece(start, undefined, 'waiting', 'Waits for more messages', true)],
    note: `has ${got}: ${wait.received.join(', ')}`,
  }
}
