import type { Api } from '@/api/client'
import { capital } from '@/components/words'

export type Graph = Api['Graph']
export type Step = Api['StepNode']
export type Edge = Api['Edge']

export const STEP_WIDTH = 256
export const STEP_HEIGHT = 90
export const PORTAL_WIDTH = 184
export const PORTAL_HEIGHT = 46

/** What draws a node: its kind, and for steps without a handler what they wait for. */
export type Look = 'api' | 'event' | 'cron' | 'call' | 'noop' | 'task' | 'await' | 'subflow'

export interface StepItem {
  type: 'step'
  id: string
  step: Step
  look: Look
}

/** Another flow at the edge of this one, or the outside. */
export interface PortalItem {
  type: 'portal'
  id: string
  direction: 'from' | 'to'
  /** The other flow; nothing of the outside. */
  flow: string | null
  name: string
  /** The topics that cross here; of calls, none. */
  topics: string[]
  calls: boolean
}

export type Item = StepItem | PortalItem

export interface Link {
  id: string
  source: string
  target: string
  edge: Edge
  /** How overlays call the edges that this one stands for: a portal may have several steps behind it. */
  keys: string[]
}

export interface FlowModel {
  items: Item[]
  links: Link[]
}

export function lookOfStep(step: Step): Look {
  if (step.kind !== 'noop') return step.kind
  if (step.waits_for === 'people') return 'task'
  if (step.waits_for === 'message') return 'await'
  return step.waits_for === 'flow' ? 'subflow' : 'noop'
}

/** The graph with a portal for each flow at its edges, instead of the steps of that flow. */
export function modelOf(graph: Graph): FlowModel {
  const portals = new Map<string, PortalItem>()
  const links = new Map<string, Link>()
  const names = new Map(graph.others.map((other) => [other.id, other.name]))

  const portal = (direction: 'from' | 'to', flow: string | null, edge: Edge): string => {
    const id = `${direction}:${flow ?? ''}`
    const name = flow === null ? 'Outside' : (names.get(flow) ?? flow)
    const found: PortalItem = portals.get(id) ?? {
      type: 'portal', id, direction, flow, name, topics: [], calls: false,
    }
    const calls = edge.kind === 'call'
    if (!calls && !found.topics.includes(edge.topic)) found.topics.push(edge.topic)
    portals.set(id, { ...found, calls: found.calls || calls })
    return id
  }

  for (const edge of graph.edges) {
    const source =
      edge.source_flow || edge.source === '' ? portal('from', edge.source_flow ?? null, edge) : edge.source
    const target = edge.target_flow ? portal('to', edge.target_flow, edge) : edge.target
    const id = [source, edge.topic, target, edge.kind].join(' ')
    const key = `${edge.source}\n${edge.topic}\n${edge.target}`
    const known = links.get(id)
    if (known) known.keys.push(key)
    else links.set(id, { id, source, target, edge, keys: [key] })
  }
  const steps: Item[] = graph.nodes.map((step) => ({ type: 'step', id: step.id, step, look: lookOfStep(step) }))
  return { items: [...steps, ...portals.values()], links: [...links.values()] }
}

/** A topic for people who do not program: `order.placed` is "order placed". */
export function topicInWords(topic: string): string {
  return topic.replace(/([a-z\d])([A-Z])/g, '$1 $2').replace(/[._\-/:]+/g, ' ').trim().toLowerCase()
}

/** What is written on an edge. */
export function edgeText(edge: Edge, technical: boolean): string {
  if (edge.kind === 'call') return technical ? edge.topic : 'calls'
  if (technical) return edge.topic
  return edge.label ?? topicInWords(edge.topic)
}

/** What an edge means, in a sentence for those who point at it or cannot see it. */
export function edgeSentence(edge: Edge): string {
  if (edge.kind === 'call') return `Calls the flow ${edge.topic} and waits for its answer`
  const parts: string[] = []
  if (edge.kind === 'virtual') parts.push('Happens outside of Wistro')
  if (edge.kind === 'failure') parts.push('When all attempts have failed')
  if (edge.kind === 'cross_flow') parts.push(edge.target_flow ? 'Starts a run of the other flow' : 'Comes from the other flow')
  if (edge.kind === 'outside') parts.push('Comes from outside of the project')
  if (edge.alternative) parts.push('One of several, exactly one happens')
  else if (edge.conditional) parts.push('Only sometimes')
  if (edge.condition) parts.push(`Emitted if ${edge.condition}`)
  if (edge.filter) parts.push(`Received if ${edge.filter}`)
  return parts.join(' · ')
}

export function languageName(step: Step): string {
  if (step.language === 'python') return 'Python'
  if (step.language === 'go') return 'Go'
  return /\.[mc]?tsx?$/.test(step.path) ? 'TypeScript' : 'JavaScript'
}

/** What stands below a step's name, for people or for engineers. */
export function subtitle(step: Step, technical: boolean): { text: string; code: boolean } {
  if (technical) return { text: step.path, code: true }
  if (step.trigger) return { text: capital(step.trigger), code: step.kind === 'api' }
  if (step.waiting) return { text: plainWords(step.waiting), code: false }
  return { text: step.description ?? '', code: false }
}

/** Text of the API with its `names in backticks`, where there is no room to set them apart. */
export function plainWords(text: string): string {
  return text.replaceAll('`', '')
}

/** The nodes that a search finds, in the order in which they are met from left to right. */
export function search(model: FlowModel, text: string): string[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  return model.items.filter((item) => words.every((word) => haystack(item).includes(word))).map((item) => item.id)
}

function haystack(item: Item): string {
  if (item.type === 'portal') return [item.name, item.flow ?? '', ...item.topics].join('\n').toLowerCase()
  const { step } = item
  return [step.id, step.name, step.description ?? '', step.path, step.trigger ?? '', ...step.receives, ...step.emits]
    .join('\n')
    .toLowerCase()
}
