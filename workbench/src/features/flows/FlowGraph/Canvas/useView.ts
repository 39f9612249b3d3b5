import { getViewportForBounds, useReactFlow } from '@xyflow/react'
import { type RefObject, useCallback } from 'react'
import { boxOf, type GraphNode } from './useNodes'

/** Of several hundred steps, all are to be seen. */
export const LEAST_ZOOM = 0.04
const MOST_ZOOM = 1.05
/** Around the graph: above it is the search, beside it are the tools. */
const ROOM = { top: '64px', right: '32px', bottom: '32px', left: '64px' } as const
const EDGE = 24

/**
 * What of the graph is seen.
 *
 * Reckoned from the positions that are known: nodes out of sight are not drawn, so they are never measured.
 */
export function useView(frame: RefObject<HTMLElement | null>) {
  const flow = useReactFlow<GraphNode>()

  const showAll = useCallback(
    (duration = 0) => {
      const box = frame.current?.getBoundingClientRect()
      const nodes = flow.getNodes()
      if (!box || nodes.length === 0) return
      const bounds = around(nodes)
      void flow.setViewport(getViewportForBounds(bounds, box.width, box.height, LEAST_ZOOM, MOST_ZOOM, ROOM), { duration })
    },
    [flow, frame],
  )

  /** Bring a node into sight, unless it is. */
  const reveal = useCallback(
    (id: string) => {
      const box = frame.current?.getBoundingClientRect()
      const node = flow.getNode(id)
      if (!box || !node) return
      const { x, y, width, height } = boxOf(node)
      const from = flow.flowToScreenPosition({ x, y })
      const to = flow.flowToScreenPosition({ x: x + width, y: y + height })
      const inside =
        from.x > box.left + EDGE && from.y > box.top + EDGE && to.x < box.right - EDGE && to.y < box.bottom - EDGE
      if (!inside) void flow.setCenter(x + width / 2, y + height / 2, { zoom: flow.getZoom(), duration: 200 })
    },
    [flow, frame],
  )
  return { showAll, reveal }
}

function around(nodes: readonly GraphNode[]) {
  const boxes = nodes.map(boxOf)
  const x = Math.min(...boxes.map((box) => box.x))
  const y = Math.min(...boxes.map((box) => box.y))
  const right = Math.max(...boxes.map((box) => box.x + box.width))
  const bottom = Math.max(...boxes.map((box) => box.y + box.height))
  return { x, y, width: right - x, height: bottom - y }
}
