import type { ReactNode } from 'react'
import { lookOf as lookOfStatus } from '@/components/StatusBadge/StatusBadge'
import { useGraphState } from '../graphStore'
import { KINDS } from '../icons'
import { languageName, lookOfStep, type Step, STEP_HEIGHT, STEP_WIDTH, subtitle, type Look } from '../model'
import type { StepOverlay } from '../overlay'
import { inlay, isDashed, outline } from '../shapes'
import classes from './nodes.module.css'

interface StepFaceProps {
  step: Step
  look?: Look
  overlay?: StepOverlay | undefined
  title?: ReactNode
  subtitle?: ReactNode
  /** More, below: of custom nodes. The face grows with it. */
  children?: ReactNode
}

/** A step as it is drawn: the outline of its kind, its name, and what starts it or what it does. */
export function StepFace({ step, look = lookOfStep(step), overlay, title, subtitle: given, children }: StepFaceProps) {
  const technical = useGraphState((state) => state.technical)
  const { tone, icon: Icon } = KINDS[look]
  const below = subtitle(step, technical)
  return (
    <div className={classes.face} data-tone={tone} data-look={look} data-grows={children ? true : undefined}>
      {children ? <div className={classes.frame} /> : <Outline look={look} />}
      <div className={classes.content}>
        <span className={classes.icon}>
          <Icon size={19} stroke={1.8} aria-hidden />
        </span>
        <div className={classes.text}>
          <div className={classes.name}>{title ?? step.name}</div>
          <div className={classes.below} data-code={below.code || undefined} title={below.text}>
            {given ?? below.text}
          </div>
        </div>
      </div>
      {children && <div className={classes.more}>{children}</div>}
      {step.kind !== 'noop' && <span className={classes.language}>{languageName(step)}</span>}
      {overlay && <Status overlay={overlay} />}
    </div>
  )
}

export function Outline({ look }: { look: Look }) {
  const lines = inlay(look, STEP_WIDTH, STEP_HEIGHT)
  return (
    <svg className={classes.outline} width={STEP_WIDTH} height={STEP_HEIGHT} aria-hidden>
      <path className={classes.shape} d={outline(look, STEP_WIDTH, STEP_HEIGHT)} data-dashed={isDashed(look) || undefined} />
      {lines && <path className={classes.inlay} d={lines} />}
    </svg>
  )
}

function Status({ overlay }: { overlay: StepOverlay }) {
  const { word, tone, icon: Icon } = lookOfStatus(overlay.status)
  const counts = Object.entries(overlay.counts ?? {}).filter(([, count]) => count > 0)
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  const text = overlay.note ?? (total > 1 ? `${word} ${overlay.counts?.[overlay.status] ?? total} of ${total}` : word)
  return (
    <>
      <span className={classes.status} data-tone={tone} data-turns={overlay.status === 'running' || undefined}>
        <Icon size={13} aria-hidden />
        {text}
      </span>
      {overlay.progress !== undefined && (
        <span className={classes.progress} aria-hidden>
          <span style={{ width: `${Math.round(overlay.progress * 100)}%` }} />
        </span>
      )}
    </>
  )
}
