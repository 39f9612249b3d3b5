/** Graphs for tests. */
import type { Edge, Graph, Step } from './model'

export function step(id: string, more: Partial<Step> = {}): Step {
  return {
    id, kind: 'event', waits_for: null, name: `Do ${id}`, description: null, language: 'python', path: `steps/${id}.step.py`,
    flows: ['shop'], trigger: null, waiting: null, join: null, receives: [], emits: [], responds: false, custom_node: null, ...more,
  }
}

export function edge(source: string, topic: string, target: string, more: Partial<Edge> = {}): Edge {
  return {
    source, topic, target, kind: 'message', conditional: false, alternative: false, label: null, condition: null, filter: null,
    source_flow: null, target_flow: null, ...more,
  }
}

export function graph(nodes: Step[], edges: Edge[], others: Graph['others'] = []): Graph {
  return { nodes, edges, others }
}
