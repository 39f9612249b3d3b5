import { Button, Table, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { $api, type Api, fetchApi } from '@/api/client'
import { useSession } from '@/api/session'
import { Confirm } from '@/components/Confirm/Confirm'
import { When } from '@/components/When/When'

/** Calls that somebody asked for later, once or again and again; nothing when there are none. */
export function CallsToCome() {
  const calls = $api.useQuery('get', '/api/scheduled-calls', {}, { refetchInterval: 30_000 })
  const { can } = useSession()
  const [taking, setTaking] = useState<Api['ScheduledCall'] | null>(null)
  if (!calls.data || calls.data.length === 0) return null
  async function takeBack() {
    if (!taking) return
    await fetchApi.DELETE('/api/scheduled-calls/{id}', { params: { path: { id: taking.id }, query: { flow: taking.flow } } })
    await calls.refetch()
  }
  return (
    <section>
      <Title order={2} size="h4" mt="xl">Calls to come</Title>
      <Text size="sm" c="dimmed" mb="sm">Calls of flows that somebody asked for later.</Text>
      <Table.ScrollContainer minWidth={620}>
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr><Table.Th>Flow</Table.Th><Table.Th>Next</Table.Th><Table.Th>How often</Table.Th><Table.Th>Asked for by</Table.Th><Table.Th /></Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {calls.data.map((call) => (
              <Table.Tr key={`${call.flow}/${call.id}`}>
                <Table.Td>{call.flow}</Table.Td>
                <Table.Td>{call.paused ? 'Paused' : call.at ? <When at={call.at} /> : 'Never'}</Table.Td>
                <Table.Td>{call.cron ? <span className="mono">{call.cron} {call.time_zone}</span> : 'Once'}</Table.Td>
                <Table.Td>{call.by ?? ''}</Table.Td>
                <Table.Td ta="right">
                  {can('operate') && <Button size="compact-sm" variant="default" onClick={() => setTaking(call)}>Take back</Button>}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Confirm opened={taking !== null} onClose={() => setTaking(null)} onConfirm={takeBack} danger title="Take back a call" action="Take back">
        <Text size="sm">
          {taking?.cron ? 'None of the calls that are still to come is made.' : 'The call is not made.'} Its id is <span className="mono">{taking?.id}</span>.
        </Text>
      </Confirm>
    </section>
  )
}
