import { createContext, useContext } from 'react'
import { type StoreApi, useStore } from 'zustand'
import { createStore } from 'zustand/vanilla'
import type { Link } from './model'
import type { EdgeOverlay, GraphOverlay, StepOverlay } from './overlay'

/** What changes while the graph stays: nodes and edges read their own part of it and redraw alone. */
export interface GraphState {
  overlay: GraphOverlay | null
  selected: string | null
  /** Where the keyboard is. */
  cursor: string | null
  /** What a search found; nothing while nobody searches. */
  found: ReadonlySet<string> | null
  technical: boolean
  /** The node whose edges stand out. */
  pointed: string | null
  /** The edge that is explained, and where. */
  tip: { link: Link; x: number; y: number } | null
  /** Zoomed out so far that labels could not be read: they are left out, and names are larger. */
  far: boolean
}

export type GraphStore = StoreApi<GraphState>

export function createGraphStore(): GraphStore {
  return createStore<GraphState>(() => ({
    overlay: null, selected: null, cursor: null, found: null, technical: false, pointed: null, tip: null, far: false,
  }))
}

export const GraphStoreContext = createContext<GraphStore>(createGraphStore())

export function useGraphState<T>(select: (state: GraphState) => T): T {
  return useStore(useContext(GraphStoreContext), select)
}

/** The next overlay, with the parts of the one before that say the same: only what changed is drawn anew. */
export function stabilised(before: GraphOverlay | null, next: GraphOverlay | null): GraphOverlay | null {
  if (!before || !next) return next
  return { steps: keep(before.steps, next.steps), edges: keep(before.edges, next.edges) }
}

function keep<T extends StepOverlay | EdgeOverlay>(
  before: Readonly<Record<string, T>>, next: Readonly<Record<string, T>>,
): Record<string, T> {
  const entries = Object.entries(next).map(([id, value]): [string, T] => {
    const old = before[id]
    return [id, old && JSON.stringify(old) === JSON.stringify(value) ? old : value]
  })
  return Object.fromEntries(entries)
}
