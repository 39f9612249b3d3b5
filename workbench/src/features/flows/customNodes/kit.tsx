import { Button as MantineButton } from '@mantine/core'
import { type CSSProperties, createContext, type ReactNode, useContext } from 'react'
import type { Step, Look } from '../FlowGraph/model'
import { StepFace } from '../FlowGraph/nodes/StepFace'
import type { StepOverlay } from '../FlowGraph/overlay'

/** The step that a custom node is about; it need not hand its properties on. */
export const CustomStep = createContext<{ step: Step; overlay: StepOverlay | undefined } | null>(null)

interface BaseNodeProps {
  title?: ReactNode
  subtitle?: ReactNode
  variant?: string
  className?: string
  style?: CSSProperties
  children?: ReactNode
}

const VARIANTS: readonly string[] = ['api', 'event', 'cron', 'call', 'noop'] satisfies Look[]

function isLook(variant: string | undefined): variant is Look {
  return variant !== undefined && VARIANTS.includes(variant)
}

function BaseNode({ title, subtitle, variant, className, style, children }: BaseNodeProps) {
  const about = useContext(CustomStep)
  if (!about) return null
  return (
    <div {...(className ? { className } : {})} {...(style ? { style } : {})}>
      <StepFace
        step={about.step}
        {...(isLook(variant) ? { look: variant } : {})}
        overlay={about.overlay}
        title={title}
        subtitle={subtitle}
      >
        {children}
      </StepFace>
    </div>
  )
}

/** The ends of edges are where the page has them; the component is for nodes made for Motia. */
function Handle() {
  return null
}

function Button({ onClick, disabled = false, children }: { onClick?: () => void; disabled?: boolean; children?: ReactNode }) {
  return (
    <MantineButton
      size="compact-xs"
      variant="default"
      disabled={disabled}
      className="nodrag nopan"
      onClick={(event) => {
        event.stopPropagation()
        onClick?.()
      }}
    >
      {children}
    </MantineButton>
  )
}

/** What custom nodes import from `wistro/workbench`; its types are in the package `wistro`. */
export const workbench = {
  BaseNode,
  ApiNode: BaseNode,
  EventNode: BaseNode,
  CronNode: BaseNode,
  CallNode: BaseNode,
  NoopNode: BaseNode,
  Handle,
  BaseHandle: Handle,
  Position: { Left: 'left', Right: 'right', Top: 'top', Bottom: 'bottom' },
  Button,
}
