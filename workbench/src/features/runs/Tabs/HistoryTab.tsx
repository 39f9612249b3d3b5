import { $api } from '@/api/client'
import { Empty, Query } from '@/components/States/States'
import { AuditTable } from '@/features/audit/AuditTable'
import type { Run } from '../words'

/** Who did what to the run. */
export function HistoryTab({ run }: { run: Run }) {
  const audit = $api.useQuery('get', '/api/audit', { params: { query: { flow: run.flow, run_id: run.run_id, limit: 200 } } }, { refetchInterval: 5_000 })
  return (
    <Query of={audit} rows={4}>
      {(page) =>
        page.items.length === 0 ? (
          <Empty title="Nobody has touched this run">Whoever cancels, retries, skips, forks or answers is written down here.</Empty>
        ) : (
          <AuditTable items={page.items} />
        )
      }
    </Query>
  )
}
