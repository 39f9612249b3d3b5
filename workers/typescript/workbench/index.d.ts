/**
 * What custom nodes import from `wistro/workbench`.
 *
 * A React component beside a step's file draws the step in the workbench: `pack.node.tsx` for
 * `pack.step.py`. It is exported as `Node`, or as the default.
 */

/** A React component. Said without React's types, which a project with no custom node does not have. */
type Component<Props> = (props: Props) => null

/** What a custom node is told of its step. */
export interface StepData {
  id: string
  kind: 'api' | 'event' | 'cron' | 'call' | 'noop'
  name: string
  description?: string | null
  language: string
  /** The step's file, relative to the project. */
  path: string
  /** What starts runs at it, in words: `POST /orders`. */
  trigger?: string | null
  receives: string[]
  emits: string[]
  /** Where its deliveries stand in the run that is shown; nothing while no run is shown. */
  status?: string
  /** From 0 to 1, of a delivery that tells how far it is. */
  progress?: number
}

export interface NodeProps {
  data: StepData
  selected?: boolean
}

export interface BaseNodeProps extends Partial<NodeProps> {
  /** The step's name, unless given. */
  title?: unknown
  /** Below the name. */
  subtitle?: unknown
  /** The kind whose colour and shape the node has; the step's own, unless given. */
  variant?: StepData['kind'] | (string & {})
  /** Leave out the ends of edges. */
  disableSourceHandle?: boolean
  disableTargetHandle?: boolean
  className?: string
  style?: Record<string, string | number | undefined>
  children?: unknown
}

/** The node as the workbench draws it, with more in it. */
export const BaseNode: Component<BaseNodeProps>
export const ApiNode: typeof BaseNode
export const EventNode: typeof BaseNode
export const CronNode: typeof BaseNode
export const CallNode: typeof BaseNode
export const NoopNode: typeof BaseNode

/** The end of the edges that lead to a node (`target`) or away from it (`source`). */
export const Handle: Component<{ type: 'source' | 'target'; position?: Side }>
export const BaseHandle: typeof Handle
export type Side = 'left' | 'right' | 'top' | 'bottom'
export const Position: { Left: 'left'; Right: 'right'; Top: 'top'; Bottom: 'bottom' }

/** A button of the page; a click on it does not select the node. */
export const Button: Component<{
  onClick?: () => void
  disabled?: boolean
  children?: unknown
}>

export type ApiNodeProps = NodeProps
export type EventNodeProps = NodeProps
export type CronNodeProps = NodeProps
export type CallNodeProps = NodeProps
export type NoopNodeProps = NodeProps
