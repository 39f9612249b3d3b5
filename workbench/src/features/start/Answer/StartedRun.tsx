import { Anchor, Group, Text } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { Link } from 'react-router'
import type { Api } from '@/api/client'
import { runPath } from '@/app/paths'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { Duration } from '@/components/Duration/Duration'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { useRun } from '@/features/runs/useRun'
import classes from './Answer.module.css'

/** The run that was started, followed while it goes on. */
export function StartedRun({ run }: { run: Api['Accepted'] }) {
  const { flow, run_id } = run
  const { data } = useRun(flow, run_id)
  const done = data?.deliveries?.filter(({ status }) => status === 'completed').length ?? 0
  return (
    <div className={classes.run} role="status">
      <Group gap="sm">
        <StatusBadge status={data?.status ?? 'queued'} />
        {data ? (
          <Text size="sm" c="dimmed">
            <Duration from={data.started_at} to={data.closed_at} />
            {data.deliveries?.length ? ` · ${done} of ${data.deliveries.length} deliveries done` : ''}
          </Text>
        ) : null}
      </Group>
      {run.existed ? <Text size="sm">It was there already: an earlier request started it, or it waited for this message.</Text> : null}
      {data?.why_waiting ? <Text size="sm">{data.why_waiting}</Text> : null}
      {data?.outcome_error ? <Text size="sm" c="var(--wb-failed)">{data.outcome_error.message}</Text> : null}
      <Group gap={6}>
        <Anchor component={Link} to={runPath(flow, run_id)} size="sm" fw={600} className={classes.link}>
          Follow the run <IconArrowRight size={14} aria-hidden />
        </Anchor>
        <Text size="xs" c="dimmed" className="mono">
          {run_id}
        </Text>
        <CopyButton text={run_id} label="Copy the run's id" />
      </Group>
    </div>
  )
}
