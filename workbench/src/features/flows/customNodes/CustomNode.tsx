import { Tooltip } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { Component, type ComponentType, lazy, type ReactNode, Suspense } from 'react'
import { errorOf } from '@/api/errors'
import type { Step } from '../FlowGraph/model'
import { StepFace } from '../FlowGraph/nodes/StepFace'
import type { StepOverlay } from '../FlowGraph/overlay'
import classes from './CustomNode.module.css'
import { CustomStep } from './kit'
import { offerToCustomNodes } from './registry'

interface CustomNodeProps {
  step: Step
  address: string
  selected: boolean
  overlay: StepOverlay | undefined
}

interface Given {
  data: Record<string, unknown>
  selected: boolean
}

/** A step as its own component draws it; the node of the page where that fails, with what went wrong. */
export function CustomNode({ step, address, selected, overlay }: CustomNodeProps) {
  const Drawn = componentAt(address)
  const usual = <StepFace step={step} overlay={overlay} />
  const data = { ...step, type: step.kind, status: overlay?.status, progress: overlay?.progress }
  return (
    <Boundary key={address} usual={usual}>
      <Suspense fallback={usual}>
        <CustomStep value={{ step, overlay }}>
          <Drawn data={data} selected={selected} />
        </CustomStep>
      </Suspense>
    </Boundary>
  )
}

const components = new Map<string, ComponentType<Given>>()

/** The component that is served there, the same at each drawing. */
function componentAt(address: string): ComponentType<Given> {
  const known = components.get(address)
  if (known) return known
  const made = lazy(async () => ({ default: await load(address) }))
  components.set(address, made)
  return made
}

async function load(address: string): Promise<ComponentType<Given>> {
  offerToCustomNodes()
  const module: Record<string, unknown> = await import(/* @vite-ignore */ address).catch(async () => {
    // An import says nothing of why it failed; asked again, the server does.
    const answer = await fetch(address)
    throw answer.ok ? new Error('it cannot be loaded') : errorOf(answer.status, await answer.json().catch(() => null))
  })
  const found = module.Node ?? module.default
  if (typeof found !== 'function') throw new Error('it exports no component: expected `Node`, or a default')
  return found as ComponentType<Given>
}

class Boundary extends Component<{ usual: ReactNode; children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  override render() {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <>
        {this.props.usual}
        <Tooltip label={<span className={classes.said}>{error.message}</span>} multiline maw={460} withinPortal>
          <span className={classes.problem} role="img" aria-label={`The custom node fails: ${error.message}`}>
            <IconAlertTriangle size={13} aria-hidden /> Custom node fails
          </span>
        </Tooltip>
      </>
    )
  }
}
