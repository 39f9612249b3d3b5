import { type NodeHandle, Position, useNodesState } from '@xyflow/react'
import { useEffect, useMemo } from 'react'
import type { Box } from '../edges/bunches'
import type { TopicEdgeType } from '../edges/TopicEdge'
import { type Course, type LaidOut, type Point, type Size, sizeOf } from '../layout'
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
        ? model.items.map((item) => nodeOf(item, saved[item.id] ?? layout.positions[item.id], sizes, layout.course))
        : [],
    [model, layout, saved, sizes],
  )
  const [nodes, setNodes, onNodesChange] = useNodesState<GraphNode>(placed)
  useEffect(() => setNodes(placed), [placed, setNodes])
  return { nodes, onNodesChange }
}

function nodeOf(item: Item, position: Point = { x: 0, y: 0 }, sizes: Drawn['sizes'], course: Course): GraphNode {
  const { width, height } = sizeOf(item, sizes)
  const shared = {
    id: item.id,
    position,
    width,
    // Nodes that draw themselves say how high they are.
    ...(grows(item) ? { initialHeight: height } : { height, measured: { width, height } }),
    // Known before they are drawn: edges lead to nodes that are out of sight, too.
    handles: handles(width, height, course),
  }
  return item.type === 'step'
    ? { ...shared, type: 'step', data: { item, course } }
    : { ...shared, type: 'portal', data: { item, course } }
}

function handles(width: number, height: number, course: Course): NodeHandle[] {
  if (course === 'right') {
    const at = { width: 1, height: 1, y: height / 2 }
    return [
      { ...at, type: 'target', position: Position.Left, x: 0 },
      { ...at, type: 'source', position: Position.Right, x: width },
    ]
  }
  const at = { width: 1, height: 1, x: width / 2 }
  return [
    { ...at, type: 'target', position: Position.Top, y: 0 },
    { ...at, type: 'source', position: Position.Bottom, y: height },
  ]
}

function grows(item: Item): boolean {
  return item.type === 'step' && Boolean(item.step.custom_node)
}

/** Reckoned from what is known of it: a node out of sight is not drawn, so it is never measured. */
export function boxOf(node: GraphNode): Box {
  const height = node.measured?.height ?? node.height ?? node.initialHeight ?? 0
  return { x: node.position.x, y: node.position.y, width: node.width ?? 0, height }
}

export function boxesOf(nodes: readonly GraphNode[]): Map<string, Box> {
  return new Map(nodes.map((node) => [node.id, boxOf(node)]))
}

export function useEdges({ model, layout }: Pick<Drawn, 'model' | 'layout'>): TopicEdgeType[] {
  return useMemo(
    () =>
      model.links.map((link) => ({
        id: link.id,
        type: 'topic',
        source: link.source,
        target: link.target,
        data: { link, route: layout?.routes[link.id] ?? null, course: layout?.course ?? 'right' },
      })),
    [model, layout],
  )
}
