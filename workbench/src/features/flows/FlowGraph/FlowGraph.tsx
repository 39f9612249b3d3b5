import { lazy, Suspense } from 'react'
import { Loading } from '@/components/States/States'
import classes from './Canvas/Canvas.module.css'
import type { Graph } from './model'
import type { GraphOverlay } from './overlay'

export interface FlowGraphProps {
  flow: string
  graph: Graph
  /** What a run lays over it; changing it lays nothing out anew. */
  overlay?: GraphOverlay | null | undefined
  /** The step that is looked at. */
  selected?: string | null | undefined
  onSelect?: ((step: string | null) => void) | undefined
}

/** Fetched when the first graph is opened: it is most of what the workbench weighs. */
const load = () => import('./Canvas/Canvas')
const Canvas = lazy(load)

/** Begin to fetch it, while the flow itself is still on its way. */
export function preloadGraph(): void {
  void load()
}

/** A flow as a graph that fills its container; see `overlay.ts` for what a run lays over it. */
export function FlowGraph(props: FlowGraphProps) {
  return (
    <Suspense fallback={<div className={classes.notice}><Loading label="Loading the graph" rows={3} /></div>}>
      <Canvas {...props} />
    </Suspense>
  )
}
