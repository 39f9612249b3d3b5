import { Text } from '@mantine/core'
import { useMemo, useState } from 'react'
import { $api } from '@/api/client'
import { type Entry, useLive } from '@/api/live'
import { Query } from '@/components/States/States'
import { LogRow } from '@/features/logs/LogRow/LogRow'
import type { Delivery, Run } from '../words'
import classes from './DeliveryPanel.module.css'

/** What the handler logged for this delivery. */
export function DeliveryLogs({ run, delivery }: { run: Run; delivery: Delivery }) {
  const [fresh, setFresh] = useState<Entry[]>([])
  const [opened, setOpened] = useState<number | null>(null)
  const logs = $api.useQuery('get', '/api/runs/{flow}/{run_id}/logs', {
    params: { path: { flow: run.flow, run_id: run.run_id }, query: { step: delivery.step, kind: ['log'], limit: 1_000 } },
  })
  useLive({ flow: run.flow, runId: run.run_id, kinds: ['log'] }, (entries) => setFresh((before) => [...before, ...entries]))
  const entries = useMemo(() => {
    const last = logs.data?.entries.at(-1)?.seq ?? 0
    const all = [...(logs.data?.entries ?? []), ...fresh.filter((entry) => (entry.seq ?? 0) > last)]
    return all.filter((entry) => entry.delivery_id === delivery.delivery_id)
  }, [logs.data, fresh, delivery.delivery_id])
  return (
    <Query of={logs} rows={2}>
      {() =>
        entries.length === 0 ? (
          <Text size="sm" c="dimmed">It logged nothing.</Text>
        ) : (
          <div className={classes.logs}>
            {entries.map((entry) => (
              <LogRow
                key={entry.seq}
                entry={entry}
                opened={opened === entry.seq}
                current
                stepName={entry.attempt && entry.attempt > 1 ? `attempt ${entry.attempt}` : ''}
                onToggle={(seq) => setOpened(opened === seq ? null : seq)}
              />
            ))}
          </div>
        )
      }
    </Query>
  )
}
