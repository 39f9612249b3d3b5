import { Anchor, Table, Text } from '@mantine/core'
import { Link } from 'react-router'
import type { Api } from '@/api/client'
import { durationInWords } from '@/components/When/model'
import { When } from '@/components/When/When'
import { failedOf, failureShare, percent } from '../model'
import classes from './HealthCells.module.css'

/** The heads of the columns that `HealthCells` fills. */
export function HealthHeaders() {
  return (
    <>
      <Table.Th ta="right">Runs today</Table.Th>
      <Table.Th ta="right">Failed</Table.Th>
      <Table.Th ta="right">Running</Table.Th>
      <Table.Th ta="right">Waiting</Table.Th>
      <Table.Th ta="right">Held</Table.Th>
      <Table.Th ta="right">
        <abbr title="95 of 100 runs took at most this long" className={classes.abbreviation}>
          p95
        </abbr>
      </Table.Th>
      <Table.Th>Last run</Table.Th>
    </>
  )
}

/** How a flow does today, as cells of a table's row; without `health`, it is not known yet. */
export function HealthCells({ health }: { health: Api['FlowHealth'] | undefined }) {
  if (!health) {
    return Array.from({ length: 7 }, (_, cell) => (
      <Table.Td key={cell} className={classes.number}>
        <span className="quiet">…</span>
      </Table.Td>
    ))
  }
  const { flow, figures } = health
  const failed = failedOf(figures)
  const share = failureShare(figures)
  return (
    <>
      <Number value={figures.started} />
      <Number
        value={failed}
        tone="failed"
        to={`/runs?flow=${flow}&status=failed&status=timed_out`}
        {...(failed > 0 && share !== null ? { beside: percent(share) } : {})}
      />
      <Number value={health.running} tone="running" to={`/runs?flow=${flow}&status=running`} />
      <Number value={health.waiting} tone="waiting" to={`/inbox?flow=${flow}`} />
      <Number value={health.held} tone="held" to={`/held?flow=${flow}`} />
      <Table.Td className={classes.number}>
        {figures.p95 == null ? <span className="quiet">–</span> : durationInWords(figures.p95 * 1_000)}
      </Table.Td>
      <Table.Td className={classes.moment}>
        {health.last_run_at ? <When at={health.last_run_at} /> : <span className="quiet">never</span>}
      </Table.Td>
    </>
  )
}

interface NumberProps {
  value: number
  tone?: 'failed' | 'running' | 'waiting' | 'held'
  to?: string
  beside?: string
}

/** A number that stands out, and leads to what it counts, unless there is nothing. */
function Number({ value, tone, to, beside }: NumberProps) {
  const shown = value.toLocaleString()
  if (value === 0 || !to) {
    return <Table.Td className={classes.number}>{value === 0 ? <span className="quiet">0</span> : shown}</Table.Td>
  }
  return (
    <Table.Td className={classes.number}>
      <Anchor component={Link} to={to} inherit className={classes.count} data-tone={tone}>
        {shown}
      </Anchor>
      {beside && (
        <Text span size="xs" c="dimmed">
          {' '}
          {beside}
        </Text>
      )}
    </Table.Td>
  )
}
