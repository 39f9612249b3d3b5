import { Position, useNodesState } from '@xyflow/react'
import { useEffect, useMemo } from 'react'
import type { TopicEdgeType } from '../edges/TopicEdge'
import { type LaidOut, type Point, portNumber, portOffset, type Size, sizeOf, topicsOut } from '../layout'
import type { FlowModel, Item } from '../model'
import type { PortalNodeType } from '../nodes/PortalNode'
import type { StepNodeType } from '../nodes/StepNode'

export type GraphNode = StepNodeType | PortalNodeType

interface Drawn {
  model: FlowModel
  layout: LaidOut | null
  saved: Readonly<Record<string, Point>>
  sizes: Readonly<Record<string, Size>>
}

/** The nodes where people put them, or else where they were laid out. */
export function useNodes({ model, layout, saved, sizes }: Drawn) {
  const placed = useMemo(
    () =>
      layout
        ? model.items.map((item, index) => nodeOf(item, index, saved[item.id] ?? layout.positions[item.id], sizes))
        : [],
    [model, layout, saved, sizes],
  )
  const [nodes, setNodes, onNodesChange] = useNodesState<GraphNode>(placed)
  useEffect(() => setNodes(placed), [placed, setNodes])
  return { nodes, onNodesChange }
}

function nodeOf(item: Item, index: number, position: Point = { x: 0, y: 0 }, sizes: Drawn['sizes']): GraphNode {
  const { width, height } = sizeOf(item, sizes)
  const at = { width: 1, height: 1, y: height / 2 }
  const shared = {
    id: item.id,
    position,
    width,
    // Nodes that draw themselves say how high they are.
    ...(grows(item) ? { initialHeight: height } : { height }),
    // Known before they are drawn: edges lead to nodes that are out of sight, too.
    handles: [
      { ...at, type: 'target' as const, position: Position.Left, x: 0 },
      { ...at, type: 'source' as const, position: Position.Right, x: width },
    ],
  }
  return item.type === 'step'
    ? { ...shared, type: 'step', data: { item, index } }
    : { ...shared, type: 'portal', data: { item, index } }
}

function grows(item: Item): boolean {
  return item.type === 'step' && Boolean(item.step.custom_node)
}

export function useEdges({ model, layout, sizes }: Omit<Drawn, 'saved'>): TopicEdgeType[] {
  return useMemo(() => {
    const topics = topicsOut(model)
    const items = new Map(model.items.map((item) => [item.id, item]))
    return model.links.map((link) => {
      const out = topics.get(link.source) ?? []
      const source = items.get(link.source)
      const height = source ? sizeOf(source, sizes).height : 0
      const offset = portOffset(height, portNumber(out, link.edge.topic), Math.min(out.length, 9)) - height / 2
      return {
        id: link.id,
        type: 'topic',
        source: link.source,
        target: link.target,
        data: { link, route: layout?.routes[link.id] ?? null, offset },
      }
    })
  }, [model, layout, sizes])
}
