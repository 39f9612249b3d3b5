import { useReactFlow } from '@xyflow/react'
import { type KeyboardEvent, type RefObject, useCallback } from 'react'
import type { GraphStore } from '../graphStore'
import { DIRECTIONS, firstNode, neighbour } from '../keyboard'
import type { Course, Point } from '../layout'
import type { FlowModel } from '../model'
import { nodeElement } from '../nodes/StepNode'
import type { GraphNode } from './useNodes'

interface Keyboard {
  model: FlowModel
  course: Course
  store: GraphStore
  searchRef: RefObject<HTMLInputElement | null>
  showAll: (duration?: number) => void
  onOpen: (id: string) => void
  onClose: () => void
}

/** Arrow keys go along edges, Enter opens, Escape closes, `/` searches, `0` shows everything. */
export function useKeyboard({ model, course, store, searchRef, showAll, onOpen, onClose }: Keyboard) {
  const flow = useReactFlow<GraphNode>()

  /** Show a node and put the keyboard on it. */
  const goTo = useCallback(
    (id: string, focus = true) => {
      const node = flow.getNode(id)
      if (!node) return
      store.setState({ cursor: id })
      const { x, y } = node.position
      const zoom = Math.max(flow.getZoom(), 0.75)
      const centre = { x: x + (node.width ?? 0) / 2, y: y + (node.measured?.height ?? node.height ?? 0) / 2 }
      void flow.setCenter(centre.x, centre.y, { zoom, duration: 180 })
      // A node out of sight is drawn only once it comes into view.
      if (focus) whenDrawn(id, (element) => element.focus({ preventScroll: true }))
    },
    [flow, store],
  )

  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return
      const { cursor } = store.getState()
      const direction = DIRECTIONS[event.key]
      if (direction) {
        const positions = positionsOf(flow.getNodes())
        const next = cursor ? neighbour(direction, cursor, positions, model.links, course) : firstNode(positions, course)
        if (next) goTo(next)
      } else if ((event.key === 'Enter' || event.key === ' ') && cursor) onOpen(cursor)
      else if (event.key === 'Escape') onClose()
      else if (event.key === '/') searchRef.current?.focus()
      else if (event.key === '0' || event.key === 'f') showAll(200)
      else if (event.key === '+') void flow.zoomIn({ duration: 120 })
      else if (event.key === '-') void flow.zoomOut({ duration: 120 })
      else return
      event.preventDefault()
    },
    [course, flow, goTo, model.links, onClose, onOpen, searchRef, showAll, store],
  )
  return { goTo, onKeyDown }
}

function positionsOf(nodes: readonly GraphNode[]): Record<string, Point> {
  return Object.fromEntries(nodes.map((node) => [node.id, node.position]))
}

function whenDrawn(id: string, act: (element: HTMLElement) => void, tries = 30): void {
  const element = document.getElementById(nodeElement(id))
  if (element) act(element)
  else if (tries > 0) requestAnimationFrame(() => whenDrawn(id, act, tries - 1))
}
