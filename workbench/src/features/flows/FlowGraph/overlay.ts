/**
 * What a run lays over the graph of its flow: the graph itself never changes with it.
 *
 * `<FlowGraph flow={flow} graph={graph} overlay={overlay} selected={step} onSelect={…} />`
 */

/** Where the deliveries of a step stand; the words are those of deliveries. */
export type StepStatus =
  | 'queued'
  | 'running'
  | 'waiting'
  | 'retrying'
  | 'held'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'ignored'
  | 'skipped'

export interface StepOverlay {
  /** The status that matters most among the deliveries of the step. */
  status: StepStatus
  /** How many deliveries are in each status; shown as soon as there is more than one. */
  counts?: Partial<Record<StepStatus, number>>
  /** From 0 to 1, of a delivery that tells how far it is. */
  progress?: number
  /** In a few words, what people should know: "2nd of 5 attempts". */
  note?: string
}

export interface EdgeOverlay {
  /** How many messages went this way. */
  count: number
  /** Whether one is on its way now. */
  active?: boolean
}

/** Steps by their ids, edges by `edgeKey`. What is not in it was not reached: it is drawn faded. */
export interface GraphOverlay {
  steps: Readonly<Record<string, StepOverlay>>
  edges: Readonly<Record<string, EdgeOverlay>>
}

/** How an edge is called in an overlay: by the step that emitted, the topic and the step that received. */
export function edgeKey(source: string, topic: string, target: string): string {
  return `${source}\n${topic}\n${target}`
}
