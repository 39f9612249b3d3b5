import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconCircleX,
  IconClock,
  IconHandStop,
  IconLoader2,
  IconPlayerSkipForward,
  IconRefresh,
  IconUserQuestion,
} from '@tabler/icons-react'
import type { ComponentType } from 'react'
import classes from './StatusBadge.module.css'

interface Look {
  word: string
  tone: 'completed' | 'running' | 'waiting' | 'held' | 'failed' | 'cancelled' | 'queued'
  icon: ComponentType<{ size?: number; className?: string; 'aria-hidden'?: boolean }>
}

const LOOKS: Record<string, Look> = {
  completed: { word: 'Completed', tone: 'completed', icon: IconCircleCheck },
  running: { word: 'Running', tone: 'running', icon: IconLoader2 },
  retrying: { word: 'Retrying', tone: 'held', icon: IconRefresh },
  waiting: { word: 'Waiting', tone: 'waiting', icon: IconUserQuestion },
  held: { word: 'Held', tone: 'held', icon: IconHandStop },
  failed: { word: 'Failed', tone: 'failed', icon: IconCircleX },
  timed_out: { word: 'Timed out', tone: 'failed', icon: IconClock },
  cancelled: { word: 'Cancelled', tone: 'cancelled', icon: IconCircleMinus },
  skipped: { word: 'Skipped', tone: 'cancelled', icon: IconPlayerSkipForward },
  ignored: { word: 'Ignored', tone: 'cancelled', icon: IconPlayerSkipForward },
  queued: { word: 'Queued', tone: 'queued', icon: IconCircleDashed },
  scheduled: { word: 'Scheduled', tone: 'queued', icon: IconClock },
}

const UNKNOWN: Look = { word: 'Unknown', tone: 'queued', icon: IconCircleDashed }

/** How a status looks: its word, its tone (`--wb-<tone>`, `--wb-<tone>-fill`) and its icon. */
export function lookOf(status: string): Look {
  return LOOKS[status] ?? { ...UNKNOWN, word: status }
}

/** The status of a run or a delivery: icon and word, so that colour is never the only sign. */
export function StatusBadge({ status, bare = false }: { status: string; bare?: boolean }) {
  const { word, tone, icon: Icon } = lookOf(status)
  return (
    <span className={classes.badge} data-tone={tone} data-bare={bare || undefined}>
      <Icon size={14} aria-hidden {...(status === 'running' && classes.turning ? { className: classes.turning } : {})} />
      {word}
    </span>
  )
}
