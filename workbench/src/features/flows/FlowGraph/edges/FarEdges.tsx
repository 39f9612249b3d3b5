import { ViewportPortal } from '@xyflow/react'
import { memo, useMemo } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { useGraphState } from '../graphStore'
import { type Box, bunched, linesOf } from './bunches'
import classes from './edges.module.css'
import { arrowOf, attributesOf, marksOf } from './marks'
import type { TopicEdgeType } from './TopicEdge'

interface FarEdgesProps {
  edges: readonly TopicEdgeType[]
  boxes: ReadonlyMap<string, Box>
}

/** From afar: no label could be read, and edges that look the same are drawn at once, whatever their number. */
export const FarEdges = memo(function FarEdges({ edges, boxes }: FarEdgesProps) {
  const seen = useGraphState(useShallow(({ overlay, found, pointed }) => ({ overlay, found, pointed })))
  const lines = useMemo(() => linesOf(edges, boxes), [edges, boxes])
  const bunches = useMemo(() => bunched(lines, (link) => marksOf(link, seen)), [lines, seen])
  return (
    <ViewportPortal>
      <svg className={classes.afar} aria-hidden>
        {bunches.map(({ key, marks, path, heads }) => (
          <g key={key} className={classes.bunch} {...attributesOf(marks)}>
            <path className={marks.active ? classes.flow : classes.edge} d={path} {...attributesOf(marks)} />
            <path className={classes.arrow} d={heads} data-kind={arrowOf(marks)} />
          </g>
        ))}
      </svg>
    </ViewportPortal>
  )
})
