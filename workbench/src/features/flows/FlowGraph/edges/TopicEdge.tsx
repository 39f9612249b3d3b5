import { IconFilter } from '@tabler/icons-react'
import { EdgeLabelRenderer, type Edge, type EdgeProps } from '@xyflow/react'
import { memo, useContext } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { GraphStoreContext, useGraphState } from '../graphStore'
import type { Course, Route } from '../layout'
import { edgeText, type Link } from '../model'
import classes from './edges.module.css'
import { arrowOf, attributesOf, marksOf } from './marks'
import { wayOf } from './way'

export interface TopicEdgeData extends Record<string, unknown> {
  link: Link
  /** The way that was laid out, and from where to where it goes. */
  route: Route | null
  course: Course
}

export type TopicEdgeType = Edge<TopicEdgeData, 'topic'>
type Drawn = EdgeProps<TopicEdgeType> & { data: TopicEdgeData }

/** A message's way from one step to another. */
export const TopicEdge = memo(function TopicEdge(props: EdgeProps<TopicEdgeType>) {
  return props.data ? <Topic {...props} data={props.data} /> : null
})

function Topic({ data: { link, route, course }, sourceX, sourceY, targetX, targetY }: Drawn) {
  const store = useContext(GraphStoreContext)
  const technical = useGraphState((state) => state.technical)
  const marks = useGraphState(useShallow((state) => marksOf(link, state)))
  const { path, label } = wayOf({ from: { x: sourceX, y: sourceY }, to: { x: targetX, y: targetY }, route, course })
  const { edge } = link
  const attributes = attributesOf(marks)
  return (
    <>
      <path className={classes.edge} d={path} markerEnd={`url(#arrow-${arrowOf(marks)})`} {...attributes} />
      {marks.active && <path className={classes.flow} d={path} />}
      <EdgeLabelRenderer>
        <div
          className={classes.label}
          style={{ transform: `translate(-50%, -50%) translate(${label.x}px, ${label.y}px)` }}
          onPointerEnter={(event) => {
            const { left, width, bottom } = event.currentTarget.getBoundingClientRect()
            store.setState({ tip: { link, x: left + width / 2, y: bottom } })
          }}
          onPointerLeave={() => store.setState({ tip: null })}
          {...attributes}
        >
          {(edge.filter ?? edge.condition) && <IconFilter size={11} aria-label="Filtered" />}
          <span className={classes.labelText} data-code={technical || undefined}>
            {edgeText(edge, technical)}
          </span>
          {marks.count > 1 && <span className={classes.count}>×{marks.count}</span>}
        </div>
      </EdgeLabelRenderer>
    </>
  )
}
