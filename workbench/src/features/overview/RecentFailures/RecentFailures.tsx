import { Anchor, Paper, Text, Title } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { Link } from 'react-router'
import { $api } from '@/api/client'
import { useSession } from '@/api/session'
import { runPath } from '@/app/paths'
import { Query } from '@/components/States/States'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { When } from '@/components/When/When'
import { messagesOf } from '../model'
import classes from './RecentFailures.module.css'

const SHOWN = 6
/** More messages than runs: some runs may have been forgotten by one of the two lists. */
const MESSAGES = 50

interface RecentFailuresProps {
  flow: string | null
  nameOf: (flow: string) => string
}

/** The latest runs that failed, and why, for those who may read what runs say. */
export function RecentFailures({ flow, nameOf }: RecentFailuresProps) {
  const { can } = useSession()
  const runs = $api.useQuery(
    'get',
    '/api/runs',
    { params: { query: { status: ['failed', 'timed_out'], limit: SHOWN, ...(flow ? { flow: [flow] } : {}) } } },
    { refetchInterval: 30_000 },
  )
  const log = $api.useQuery(
    'get',
    '/api/logs',
    { params: { query: { kind: ['run.failed', 'run.timed_out'], limit: MESSAGES, ...(flow ? { flow } : {}) } } },
    { enabled: can('read') && (runs.data?.runs.length ?? 0) > 0 },
  )
  const messages = messagesOf(log.data?.entries ?? [])
  return (
    <Paper component="section" withBorder p="md" aria-label="Recent failures">
      <Title order={2} className={classes.title}>
        Recent failures
      </Title>
      <Query of={runs} rows={4}>
        {(page) =>
          page.runs.length === 0 ? (
            <Text c="dimmed" size="sm" className={classes.nothing}>
              <IconCircleCheck size={18} aria-hidden /> No run has failed, as far back as runs are kept.
            </Text>
          ) : (
            <ul className={classes.list}>
              {page.runs.map((run) => (
                <li key={`${run.flow}/${run.run_id}`} className={classes.item}>
                  <div className={classes.line}>
                    <StatusBadge status={run.status} />
                    <Anchor component={Link} to={runPath(run.flow, run.run_id)} inherit className={classes.run}>
                      {nameOf(run.flow)} <span className="mono">{run.run_id.slice(0, 8)}</span>
                    </Anchor>
                    <span className={classes.when}>
                      <When at={run.closed_at ?? run.started_at} />
                    </span>
                  </div>
                  <Text size="xs" c="dimmed" lineClamp={2} className={classes.message}>
                    {messages.get(run.run_id) ?? ''}
                  </Text>
                </li>
              ))}
            </ul>
          )
        }
      </Query>
    </Paper>
  )
}
