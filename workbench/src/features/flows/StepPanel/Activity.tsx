import { Anchor, Table } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from 'react-router'
import { $api } from '@/api/client'
import { useLive } from '@/api/live'
import { runPath } from '@/app/paths'
import { Empty, Query } from '@/components/States/States'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { When } from '@/components/When/When'
import { OUTCOMES, recentOf } from './recent'
import classes from './StepPanel.module.css'

/** The latest deliveries to a step, as they happen. */
export function Activity({ flow, step }: { flow: string; step: string }) {
  const client = useQueryClient()
  const options = { params: { query: { flow, step, kind: Object.keys(OUTCOMES), limit: 60 } } }
  const logs = $api.useQuery('get', '/api/logs', options)
  useLive({ flow, step, kinds: ['delivery.'] }, () => void client.invalidateQueries({ queryKey: ['get', '/api/logs', options] }))
  return (
    <Query of={logs}>
      {({ entries }) => {
        const recent = recentOf(entries)
        if (recent.length === 0) return <Empty title="Nothing yet">No delivery has come to this step lately. Start a run and watch it arrive here.</Empty>
        return (
          <Table verticalSpacing={6} fz="sm">
            <Table.Thead><Table.Tr><Table.Th>What became of it</Table.Th><Table.Th>Run</Table.Th><Table.Th>When</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {recent.map((each) => (
                <Table.Tr key={each.key}>
                  <Table.Td>
                    <StatusBadge status={each.status} />
                    {each.message && <div className={classes.message}>{each.message}</div>}
                  </Table.Td>
                  <Table.Td>
                    <Anchor component={Link} size="sm" className="mono" to={runPath(flow, each.run, each.delivery)}>{each.run.slice(0, 12)}</Anchor>
                  </Table.Td>
                  <Table.Td><When at={each.at} /></Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )
      }}
    </Query>
  )
}
