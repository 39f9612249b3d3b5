import type { Graph } from '@/features/flows/FlowGraph/model'
import { edgeKey, type EdgeOverlay, type GraphOverlay, type StepOverlay, type StepStatus } from '@/features/flows/FlowGraph/overlay'
import { counted, type Delivery, progressOf, type Run } from './words'

/** From what people have to know first, to what they need not look at. */
const IMPORTANCE: readonly StepStatus[] = [
  'held', 'failed', 'retrying', 'waiting', 'running', 'queued', 'cancelled', 'skipped', 'ignored', 'completed',
]
const GOING: ReadonlySet<string> = new Set(['running', 'queued', 'retrying', 'waiting'])

/** What a run lays over the graph of its flow. */
export function overlayOf(run: Run, graph: Graph): GraphOverlay {
  const steps: Record<string, StepOverlay> = {}
  const byStep = new Map<string, Delivery[]>()
  for (const delivery of run.deliveries) byStep.set(delivery.step, [...(byStep.get(delivery.step) ?? []), delivery])
  for (const [step, deliveries] of byStep) steps[step] = stepOverlay(deliveries)
  for (const wait of run.waits) {
    if (wait.kind === 'join' && wait.step && !steps[wait.step]) {
      steps[wait.step] = { status: 'waiting', note: `has ${counted(wait.received.length, 'message')}` }
    }
  }
  return { steps, edges: edgesOf(run, graph, byStep) }
}

function stepOverlay(deliveries: Delivery[]): StepOverlay {
  const counts: Partial<Record<StepStatus, number>> = {}
  for (const { status } of deliveries) counts[status] = (counts[status] ?? 0) + 1
  const status = IMPORTANCE.find((each) => counts[each]) ?? 'queued'
  const first = deliveries.find((each) => each.status === status)
  const progress = status === 'running' ? progressOf(first?.progress) : null
  const tries = first?.attempts.length ?? 0
  return {
    status,
    ...(deliveries.length > 1 ? { counts } : {}),
    ...(progress === null ? {} : { progress }),
    ...(tries > 1 ? { note: counted(tries, 'attempt') } : {}),
  }
}

function edgesOf(run: Run, graph: Graph, byStep: ReadonlyMap<string, Delivery[]>): Record<string, EdgeOverlay> {
  const edges: Record<string, EdgeOverlay> = {}
  const count = (key: string, active: boolean) => {
    const old = edges[key]
    edges[key] = { count: (old?.count ?? 0) + 1, active: (old?.active ?? false) || active }
  }
  const stepOf = new Map(run.deliveries.map((each) => [each.delivery_id, each.step]))
  for (const delivery of run.deliveries) {
    if (delivery.topic === null || delivery.topic === undefined) continue
    const source = delivery.parent ? (stepOf.get(delivery.parent) ?? '') : ''
    count(edgeKey(source, delivery.topic, delivery.step), GOING.has(delivery.status))
  }
  // A join's delivery names no topic, and other flows' deliveries are not of this run: their messages say it.
  const delivered = new Set(Object.keys(edges))
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]))
  for (const edge of graph.edges) {
    const key = edgeKey(edge.source, edge.topic, edge.target)
    if (!edge.source || edge.source_flow || delivered.has(key)) continue
    const target = nodes.get(edge.target)
    if (edge.kind === 'message' && !target?.join) continue
    for (const delivery of byStep.get(edge.source) ?? []) {
      for (const emission of delivery.emissions) {
        if (emission.topic === edge.topic) count(key, run.status === 'running' && !byStep.has(edge.target))
      }
    }
  }
  return edges
}

/** The steps of a run that the graph does not have: they are of another flow, or of another time. */
export function stepsBeside(run: Run, graph: Graph): string[] {
  const known = new Set(graph.nodes.map((node) => node.id))
  return [...new Set(run.deliveries.filter((each) => !known.has(each.step)).map((each) => each.name))]
}
