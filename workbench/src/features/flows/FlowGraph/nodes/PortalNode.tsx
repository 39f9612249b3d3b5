import { Tooltip } from '@mantine/core'
import { IconArrowUpRight, IconWorldUpload } from '@tabler/icons-react'
import type { Node, NodeProps } from '@xyflow/react'
import { memo } from 'react'
import { useGraphState } from '../graphStore'
import { FLOW_ICON } from '../icons'
import type { Course } from '../layout'
import type { PortalItem } from '../model'
import classes from './nodes.module.css'
import { Ends, nodeElement } from './StepNode'

export type PortalNodeType = Node<{ item: PortalItem; course: Course }, 'portal'>

/** Another flow, where messages come from it or go there; a click opens it. */
export const PortalNode = memo(function PortalNode({ id, data }: NodeProps<PortalNodeType>) {
  const { flow, name, topics, direction, calls } = data.item
  const faded = useGraphState((state) => (state.found ? !state.found.has(id) : false))
  const cursor = useGraphState((state) => state.cursor === id)
  const Icon = flow === null ? IconWorldUpload : FLOW_ICON
  const what = calls ? 'is called' : `${direction === 'from' ? 'sends' : 'gets'} ${topics.join(', ')}`
  const hint = flow === null ? 'From' : direction === 'from' ? 'From the flow' : calls ? 'Calls the flow' : 'To the flow'
  return (
    <Tooltip label={flow === null ? `From outside: ${topics.join(', ')}` : `The flow “${name}” ${what}`} multiline maw={320}>
      <div
        id={nodeElement(id)}
        className={classes.portal}
        role={flow === null ? 'img' : 'link'}
        tabIndex={cursor ? 0 : -1}
        aria-label={`${hint} ${name}${calls ? '' : `: ${topics.join(', ')}`}`}
        data-outside={flow === null || undefined}
        data-faded={faded || undefined}
      >
        <Ends course={data.course} />
        <Icon size={17} stroke={1.8} aria-hidden />
        <span className={classes.portalText}>
          <span className={classes.portalHint}>{hint}</span> <span className={classes.portalName}>{name}</span>
        </span>
        {flow !== null && <IconArrowUpRight size={15} aria-hidden />}
      </div>
    </Tooltip>
  )
})
