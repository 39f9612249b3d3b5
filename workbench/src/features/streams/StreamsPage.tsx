import { Anchor, Table, Text } from '@mantine/core'
import { IconBroadcast } from '@tabler/icons-react'
import { Link } from 'react-router'
import { $api, type Api } from '@/api/client'
import { Page } from '@/components/Page/Page'
import { Empty, Query } from '@/components/States/States'

/** Who may follow a stream, in a sentence. */
export function accessWords(stream: Api['StreamView']): string {
  if (stream.has_access) return 'Whom a function in its file lets'
  return stream.access === 'public' ? 'Everybody' : 'Whoever shows a token'
}

/** The streams of the project: collections that clients follow live. */
export function Component() {
  const streams = $api.useQuery('get', '/api/streams')
  return (
    <Page title="Streams" description="Collections that steps write and clients follow as they change.">
      <Query of={streams}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="There are no streams yet" icon={<IconBroadcast size={32} aria-hidden />}>
              Add a file such as <code>steps/parcels.stream.py</code> with a <code>config</code>; steps write to it with <code>ctx.streams</code>.
            </Empty>
          ) : (
            <Table.ScrollContainer minWidth={480}>
              <Table verticalSpacing="sm" highlightOnHover>
                <Table.Thead>
                  <Table.Tr><Table.Th>Stream</Table.Th><Table.Th>Who may follow</Table.Th><Table.Th>File</Table.Th></Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((stream) => (
                    <Table.Tr key={stream.name}>
                      <Table.Td><Anchor component={Link} to={`/streams/${encodeURIComponent(stream.name)}`}>{stream.name}</Anchor></Table.Td>
                      <Table.Td><Text size="sm">{accessWords(stream)}</Text></Table.Td>
                      <Table.Td><span className="mono quiet">{stream.path}</span></Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </Query>
    </Page>
  )
}
