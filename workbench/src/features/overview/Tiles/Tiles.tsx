import { Paper, SimpleGrid, Skeleton, Text } from '@mantine/core'
import { IconCircleX, IconHandStop, IconLoader2, IconPlayerPlay, IconUserQuestion } from '@tabler/icons-react'
import type { ComponentType } from 'react'
import { Link } from 'react-router'
import type { Api } from '@/api/client'
import { durationInWords } from '@/components/When/model'
import { failedOf, failureShare, percent, summed } from '../model'
import classes from './Tiles.module.css'

interface TilesProps {
  flows: Api['FlowHealth'][] | undefined
  figures: Api['Figures'] | undefined
  /** The time that the figures are of, in words. */
  when: string
  since: string
  flow: string | null
}

/** The few numbers that matter first; each leads to what it counts. */
export function Tiles({ flows, figures, when, since, flow }: TilesProps) {
  const now = flows && summed(flow ? flows.filter((each) => each.flow === flow) : flows)
  const only = flow ? `&flow=${flow}` : ''
  const failed = figures && failedOf(figures)
  const share = figures && failureShare(figures)
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm" component="section" aria-label="At a glance">
      <Tile
        label="Running"
        icon={IconLoader2}
        tone="running"
        value={now?.running}
        note={counted(now?.running, 'runs under way', 'run under way', 'runs under way')}
        to={`/runs?status=running${only}`}
      />
      <Tile
        label="Waiting for people"
        icon={IconUserQuestion}
        tone="waiting"
        value={now?.waiting}
        note={counted(now?.waiting, 'nothing to answer', 'task to answer', 'tasks to answer')}
        to={flow ? `/inbox?flow=${flow}` : '/inbox'}
      />
      <Tile
        label="Held"
        icon={IconHandStop}
        tone="held"
        value={now?.held}
        note={counted(now?.held, 'nothing to repair', 'run waits for an operator', 'runs wait for an operator')}
        to={flow ? `/held?flow=${flow}` : '/held'}
      />
      <Tile
        label="Failed"
        icon={IconCircleX}
        tone="failed"
        value={failed}
        note={share ? `${percent(share)} of what ended in ${when}` : `in ${when}`}
        to={`/runs?status=failed&status=timed_out&since=${encodeURIComponent(since)}${only}`}
      />
      <Tile
        label="Started"
        icon={IconPlayerPlay}
        tone="completed"
        quiet
        value={figures?.started}
        note={figures?.p95 == null ? `in ${when}` : `in ${when}; 95 % took ${durationInWords(figures.p95 * 1_000)} or less`}
        to={`/runs?since=${encodeURIComponent(since)}${only}`}
      />
    </SimpleGrid>
  )
}

/** What is counted above it. */
function counted(count: number | undefined, none: string, one: string, many: string): string {
  return count === 0 ? none : count === 1 ? one : many
}

interface TileProps {
  label: string
  icon: ComponentType<{ size?: number; 'aria-hidden'?: boolean }>
  tone: 'running' | 'waiting' | 'held' | 'failed' | 'completed'
  value: number | undefined
  note: string
  to: string
  /** Nothing that somebody has to look at, however many there are. */
  quiet?: boolean
}

function Tile({ label, icon: Icon, tone, value, note, to, quiet = false }: TileProps) {
  return (
    <Paper component={Link} to={to} withBorder p="sm" className={classes.tile} data-tone={value && !quiet ? tone : undefined}>
      <span className={classes.label}>
        <Icon size={16} aria-hidden />
        {label}
      </span>
      {value === undefined ? <Skeleton height={34} width={60} my={3} /> : <span className={classes.value}>{value.toLocaleString()}</span>}
      <Text size="xs" c="dimmed">
        {note}
      </Text>
    </Paper>
  )
}
