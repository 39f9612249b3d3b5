import { Tooltip, VisuallyHidden } from '@mantine/core'
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import { memo } from 'react'
import { lookOf as lookOfStatus } from '@/components/StatusBadge/StatusBadge'
import { CustomNode } from '../../customNodes/CustomNode'
import { useGraphState } from '../graphStore'
import { KINDS } from '../icons'
import type { Course } from '../layout'
import { plainWords, type StepItem } from '../model'
import type { StepOverlay } from '../overlay'
import { FarFace } from './FarFace'
import classes from './nodes.module.css'
import { StepFace } from './StepFace'

export type StepNodeType = Node<{ item: StepItem; course: Course }, 'step'>

/** A step in the graph. Where the keyboard is, faded or lit up: each comes from the store, so it redraws alone. */
export const StepNode = memo(function StepNode({ id, data }: NodeProps<StepNodeType>) {
  const { step, look } = data.item
  const overlay = useGraphState((state) => state.overlay?.steps[id])
  const faded = useGraphState((state) =>
    state.found ? !state.found.has(id) : state.overlay !== null && state.overlay.steps[id] === undefined,
  )
  const selected = useGraphState((state) => state.selected === id)
  const cursor = useGraphState((state) => state.cursor === id)
  const far = useGraphState((state) => state.far) && !step.custom_node
  const status = overlay && lookOfStatus(overlay.status)
  const more = [KINDS[look].word, step.join && plainWords(step.join.words)].filter(Boolean).join(', ')
  return (
    <div
      id={nodeElement(id)}
      className={classes.node}
      role="button"
      tabIndex={cursor ? 0 : -1}
      aria-pressed={selected}
      data-selected={selected || undefined}
      data-faded={faded || undefined}
      data-found={useGraphState((state) => state.found?.has(id) ?? false) || undefined}
      data-status={status?.tone}
      data-afar={far || undefined}
      aria-label={far ? [step.name, status?.word, more].filter(Boolean).join(', ') : undefined}
    >
      <Ends course={data.course} />
      {far ? <FarFace name={step.name} look={look} /> : <Near data={data} selected={selected} overlay={overlay} more={more} />}
    </div>
  )
})

interface NearProps {
  data: StepNodeType['data']
  selected: boolean
  overlay: StepOverlay | undefined
  /** What is seen, in words. */
  more: string
}

function Near({ data: { item, course }, selected, overlay, more }: NearProps) {
  const { step, look } = item
  return (
    <>
      {step.custom_node ? (
        <CustomNode step={step} address={step.custom_node} selected={selected} overlay={overlay} />
      ) : (
        <StepFace step={step} look={look} overlay={overlay} />
      )}
      <VisuallyHidden>{more}</VisuallyHidden>
      {step.join && (
        <Tooltip label={plainWords(step.join.words)} multiline maw={320} withinPortal>
          <span className={classes.join} data-course={course} aria-hidden>
            <span>{step.join.badge}</span>
          </span>
        </Tooltip>
      )}
    </>
  )
}

/** Where edges begin and end; they are drawn without handles to be seen. */
export function Ends({ course }: { course: Course }) {
  const [from, to] = course === 'right' ? [Position.Right, Position.Left] : [Position.Bottom, Position.Top]
  return (
    <>
      <Handle type="target" position={to} isConnectable={false} className={classes.end} />
      <Handle type="source" position={from} isConnectable={false} className={classes.end} />
    </>
  )
}

export function nodeElement(id: string): string {
  return `node-${id}`
}
