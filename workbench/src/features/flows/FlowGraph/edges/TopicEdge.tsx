import { IconFilter } from '@tabler/icons-react'
import { EdgeLabelRenderer, type Edge, type EdgeProps, getSmoothStepPath, Position } from '@xyflow/react'
import { memo, useContext } from 'react'
import { GraphStoreContext, useGraphState } from '../graphStore'
import { type Course, type Point, type Route, roundedPath } from '../layout'
import { edgeText, type Link } from '../model'
import classes from './edges.module.css'

export interface TopicEdgeData extends Record<string, unknown> {
  link: Link
  /** The way that was laid out, and from where to where it goes. */
  route: Route | null
  course: Course
}

export type TopicEdgeType = Edge<TopicEdgeData, 'topic'>

/** A message's way from one step to another. */
export const TopicEdge = memo(function TopicEdge(props: EdgeProps<TopicEdgeType>) {
  const { data, source, target } = props
  const store = useContext(GraphStoreContext)
  const technical = useGraphState((state) => state.technical)
  const far = useGraphState((state) => state.far)
  const keys = data?.link.keys
  const count = useGraphState((state) => sum(keys, (key) => state.overlay?.edges[key]?.count ?? 0))
  const active = useGraphState((state) => keys?.some((key) => state.overlay?.edges[key]?.active) ?? false)
  const overlaid = useGraphState((state) => state.overlay !== null)
  const pointed = useGraphState((state) => state.pointed === source || state.pointed === target)
  const faded = useGraphState(
    (state) =>
      (state.pointed !== null && state.pointed !== source && state.pointed !== target) ||
      (state.found !== null && !state.found.has(source) && !state.found.has(target)),
  )
  if (!data) return null
  const { path, label } = way(props, data)
  const { edge } = data.link
  const kind = edge.kind === 'message' && (edge.conditional || edge.alternative) ? 'conditional' : edge.kind
  const state = {
    'data-kind': kind,
    'data-faded': faded || (overlaid && count === 0) || undefined,
    'data-passed': count > 0 || undefined,
    'data-pointed': pointed || undefined,
  }
  return (
    <>
      <path className={classes.edge} d={path} markerEnd={`url(#arrow-${marker(kind, count > 0)})`} {...state} />
      {active && <path className={classes.flow} d={path} />}
      {!far && (
        <EdgeLabelRenderer>
          <div
            className={classes.label}
            style={{ transform: `translate(-50%, -50%) translate(${label.x}px, ${label.y}px)` }}
            onPointerEnter={(event) => {
              const { left, width, bottom } = event.currentTarget.getBoundingClientRect()
              store.setState({ tip: { link: data.link, x: left + width / 2, y: bottom } })
            }}
            onPointerLeave={() => store.setState({ tip: null })}
            {...state}
          >
            {(edge.filter ?? edge.condition) && <IconFilter size={11} aria-label="Filtered" />}
            <span className={classes.labelText} data-code={technical || undefined}>
              {edgeText(edge, technical)}
            </span>
            {count > 1 && <span className={classes.count}>×{count}</span>}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  )
})

/** The way that was laid out, while both ends are where they were; else a step between the two. */
function way(props: EdgeProps<TopicEdgeType>, { route, course }: TopicEdgeData): { path: string; label: Point } {
  const right = course === 'right'
  const offset = route?.offset ?? 0
  const from = { x: props.sourceX + (right ? 0 : offset), y: props.sourceY + (right ? offset : 0) }
  const to = { x: props.targetX, y: props.targetY }
  const [first, last] = [route?.points[0], route?.points.at(-1)]
  if (route && first && last && near(first, from) && near(last, to)) {
    return { path: roundedPath(route.points), label: route.label ?? middle(route.points) }
  }
  const [path, x, y] = getSmoothStepPath({
    sourceX: from.x, sourceY: from.y, sourcePosition: right ? Position.Right : Position.Bottom,
    targetX: to.x, targetY: to.y, targetPosition: right ? Position.Left : Position.Top, borderRadius: 9, offset: 24,
  })
  return { path, label: { x, y } }
}

/** Handles are a pixel wide and rounded: a few pixels are the same place. */
function near(a: Point, b: Point): boolean {
  return Math.abs(a.x - b.x) < 4 && Math.abs(a.y - b.y) < 4
}

function middle(points: readonly Point[]): Point {
  return points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 }
}

function sum(keys: readonly string[] | undefined, count: (key: string) => number): number {
  return keys?.reduce((total, key) => total + count(key), 0) ?? 0
}

function marker(kind: string, passed: boolean): string {
  if (passed) return 'passed'
  return kind === 'failure' || kind === 'cross_flow' || kind === 'call' ? kind : 'message'
}
