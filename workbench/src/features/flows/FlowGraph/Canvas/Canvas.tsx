import '@xyflow/react/dist/base.css'
import { useComputedColorScheme } from '@mantine/core'
import { Background, BackgroundVariant, MiniMap, type NodeChange, ReactFlow, ReactFlowProvider } from '@xyflow/react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { flowPath } from '@/app/paths'
import { Failed, Loading } from '@/components/States/States'
import { useSavedLayout } from '../../savedLayout/savedLayout'
import { EdgeTip } from '../edges/EdgeTip'
import { FarEdges } from '../edges/FarEdges'
import { Markers } from '../edges/Markers'
import { TopicEdge, type TopicEdgeType } from '../edges/TopicEdge'
import type { FlowGraphProps } from '../FlowGraph'
import { createGraphStore, GraphStoreContext, stabilised, useGraphState } from '../graphStore'
import { KINDS } from '../icons'
import type { Size } from '../layout'
import { type FlowModel, modelOf } from '../model'
import { PortalNode } from '../nodes/PortalNode'
import { nodeElement, StepNode } from '../nodes/StepNode'
import { Toolbar } from '../Toolbar/Toolbar'
import { useLayout } from '../useLayout'
import classes from './Canvas.module.css'
import { useKeyboard } from './useKeyboard'
import { LEAST_ZOOM, useView } from './useView'
import { boxesOf, type GraphNode, useEdges, useNodes } from './useNodes'

const nodeTypes = { step: StepNode, portal: PortalNode }
const edgeTypes = { topic: TopicEdge }
/** Where labels become too small to read. */
const FAR = 0.4
/** A map of fewer would only be in the way. */
const SEEN_AT_ONCE = 14
const NO_SIZES: Readonly<Record<string, Size>> = {}
const NO_EDGES: TopicEdgeType[] = []

export default function Canvas(props: FlowGraphProps) {
  const [store] = useState(createGraphStore)
  return (
    <GraphStoreContext value={store}>
      <ReactFlowProvider key={props.flow}>
        <Drawing {...props} store={store} />
      </ReactFlowProvider>
    </GraphStoreContext>
  )
}

function Drawing({ flow, graph, overlay = null, selected = null, onSelect, store }: FlowGraphProps & { store: ReturnType<typeof createGraphStore> }) {
  const navigate = useNavigate()
  const colorMode = useComputedColorScheme('light')
  const model = useMemo(() => modelOf(graph), [graph])
  const [sizes, setSizes] = useState(NO_SIZES)
  const { layout, error } = useLayout(model, sizes)
  const saved = useSavedLayout(flow)
  const { nodes, onNodesChange } = useNodes({ model, layout, saved: saved.positions, sizes })
  const edges = useEdges({ model, layout })
  const searchRef = useRef<HTMLInputElement>(null)
  const far = useGraphState((state) => state.far)
  const boxes = useMemo(() => (far ? boxesOf(nodes) : null), [far, nodes])
  const frame = useRef<HTMLDivElement>(null)
  const { showAll, reveal } = useView(frame)

  useEffect(() => store.setState({ selected, ...(selected ? { cursor: selected } : {}) }), [selected, store])
  useEffect(() => {
    store.setState((before) => ({ overlay: stabilised(before.overlay, overlay) }))
  }, [overlay, store])

  const before = useRef(selected)
  useEffect(() => {
    // A step that is closed with the keyboard gives it back to the node.
    const closed = before.current
    before.current = selected
    if (closed && !selected && document.activeElement === document.body) {
      document.getElementById(nodeElement(closed))?.focus({ preventScroll: true })
    }
  }, [selected])
  useEffect(() => {
    // The panel that opens beside the graph takes room: the step is not to be below it.
    if (selected) requestAnimationFrame(() => reveal(selected))
  }, [selected, reveal])

  useEffect(() => {
    if (sizes !== NO_SIZES) requestAnimationFrame(() => showAll())
  }, [layout, sizes, showAll])

  const open = useCallback(
    (id: string) => {
      const item = model.items.find((each) => each.id === id)
      if (item?.type === 'step') onSelect?.(id)
      else if (item?.flow) void navigate(flowPath(item.flow))
    },
    [model, navigate, onSelect],
  )
  const close = useCallback(() => onSelect?.(null), [onSelect])
  const { goTo, onKeyDown } = useKeyboard({ model, course: layout?.course ?? 'right', store, searchRef, showAll, onOpen: open, onClose: close })

  const keep = useCallback(
    (_: unknown, __: unknown, moved: GraphNode[]) => {
      const positions = Object.fromEntries(moved.map((node) => [node.id, node.position]))
      saved.save({ ...saved.positions, ...positions })
    },
    [saved],
  )

  /** Nodes that draw themselves say how large they are, and the graph is laid out with that, once. */
  const measure = useCallback(
    (changes: readonly NodeChange<GraphNode>[]) => {
      const found = measured(changes, model)
      setSizes((before) => (Object.entries(found).every(([id, { height }]) => before[id]?.height === height) ? before : { ...before, ...found }))
    },
    [model],
  )

  const tidy = useCallback(() => {
    saved.save({})
    requestAnimationFrame(() => showAll(250))
  }, [saved, showAll])

  if (error) return <div className={classes.notice}><Failed error={error} title="The graph cannot be laid out" /></div>
  if (!layout || !saved.ready) return <div className={classes.notice}><Loading label="Laying the graph out" rows={3} /></div>
  return (
    <div ref={frame} className={classes.canvas} data-far={far || undefined} role="group" aria-label="The flow as a graph: arrow keys go from step to step" tabIndex={0} onKeyDown={onKeyDown}>
      <Markers />
      <EdgeTip />
      <ReactFlow
        nodes={nodes}
        edges={far ? NO_EDGES : edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={(changes) => {
          onNodesChange(changes)
          measure(changes)
        }}
        onNodeClick={(_, node) => open(node.id)}
        onNodeMouseEnter={(_, node) => store.setState({ pointed: node.id })}
        onNodeMouseLeave={() => store.setState({ pointed: null })}
        onNodeDragStop={keep}
        onPaneClick={close}
        onMove={(_, { zoom }) => {
          const far = zoom < FAR
          if (store.getState().far !== far) store.setState({ far })
        }}
        onMoveStart={() => frame.current?.setAttribute('data-moves', '')}
        onMoveEnd={() => frame.current?.removeAttribute('data-moves')}
        colorMode={colorMode}
        onInit={() => {
          showAll()
          if (selected) reveal(selected)
        }}
        minZoom={LEAST_ZOOM}
        maxZoom={2}
        onlyRenderVisibleElements={!far}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        nodeDragThreshold={4}
      >
        {boxes ? <FarEdges edges={edges} boxes={boxes} /> : <Background variant={BackgroundVariant.Dots} gap={22} size={1.3} color="var(--wb-border)" />}
        {model.items.length > SEEN_AT_ONCE && (
          <MiniMap
            className={classes.minimap ?? ''}
            pannable
            zoomable
            ariaLabel="Map of the whole flow"
            nodeColor={colourOf}
            nodeBorderRadius={20}
            maskColor="color-mix(in srgb, var(--wb-surface-sunken) 72%, transparent)"
            bgColor="var(--wb-surface-raised)"
          />
        )}
      </ReactFlow>
      <Toolbar
        model={model}
        searchRef={searchRef}
        goTo={goTo}
        showAll={showAll}
        tidy={tidy}
        moved={Object.keys(saved.positions).length > 0}
        kept={saved.kept}
        problem={saved.error}
      />
    </div>
  )
}

function colourOf(node: GraphNode): string {
  return node.type === 'step' ? `var(--wb-${KINDS[node.data.item.look].tone}-line)` : 'var(--wb-accent)'
}

function measured(changes: readonly NodeChange<GraphNode>[], model: FlowModel): Record<string, Size> {
  const found: Record<string, Size> = {}
  for (const change of changes) {
    if (change.type !== 'dimensions' || !change.dimensions) continue
    const item = model.items.find((each) => each.id === change.id)
    const { width, height } = change.dimensions
    if (item?.type === 'step' && item.step.custom_node) found[change.id] = { width, height: Math.round(height) }
  }
  return found
}
