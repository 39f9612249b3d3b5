import { Select, Stack, Text, Title } from '@mantine/core'
import { IconBroadcast } from '@tabler/icons-react'
import { useParams } from 'react-router'
import { $api } from '@/api/client'
import { useSession } from '@/api/session'
import { Page } from '@/components/Page/Page'
import { Empty, Loading, Query } from '@/components/States/States'
import { useUrl } from '@/components/useUrl'
import { SchemaTable } from '@/features/flows/StepPanel/SchemaTable'
import { ItemList } from './ItemList/ItemList'
import { accessWords } from './StreamsPage'
import { useGroup } from './useGroup'

const WORDS = { connecting: 'Connecting…', live: 'Live', offline: 'Offline: what is shown may be old. It comes back by itself.' }

/** A stream: its groups, and the items of one as they change. */
export function Component() {
  const { name = '' } = useParams()
  const { can } = useSession()
  const streams = $api.useQuery('get', '/api/streams')
  const stream = streams.data?.items.find((each) => each.name === name)
  return (
    <Page
      title={name}
      crumbs={[{ label: 'Streams', to: '/streams' }]}
      description={stream && <>Followed by: {accessWords(stream).toLowerCase()}. Written in <span className="mono">{stream.path}</span>.</>}
    >
      <Query of={streams}>
        {() =>
          stream === undefined ? (
            <Empty title={`The project has no stream “${name}”`} icon={<IconBroadcast size={32} aria-hidden />}>It may have been renamed.</Empty>
          ) : (
            <Stack gap="xl">
              {can('read') ? <Groups key={name} name={name} /> : <Text c="dimmed">What is in streams is for those who may read.</Text>}
              {stream.item && (
                <section>
                  <Title order={2} size="h4" mb="xs">What its items look like</Title>
                  <SchemaTable schema={stream.item} label={`Items of ${name}`} />
                </section>
              )}
            </Stack>
          )
        }
      </Query>
    </Page>
  )
}

function Groups({ name }: { name: string }) {
  const { params, change } = useUrl()
  const groups = $api.useQuery('get', '/api/streams/{name}/groups', { params: { path: { name }, query: { limit: 1000 } } }, { refetchInterval: 5_000 })
  const names = groups.data?.items ?? []
  const group = params.get('group') ?? names[0] ?? null
  const { items, status } = useGroup(name, group)
  return (
    <Query of={groups} rows={4}>
      {() =>
        group === null ? (
          <Empty title="Nothing is in it yet" icon={<IconBroadcast size={32} aria-hidden />}>
            Steps write with <code>ctx.streams.{name}.set(group, id, data)</code>.
          </Empty>
        ) : (
          <section>
            <Select
              label="Group" maw={320} mb="sm" searchable value={group}
              data={names.includes(group) ? names : [group, ...names]} onChange={(value) => change({ group: value })}
            />
            <Text size="sm" c="dimmed" mb="sm" role="status">
              {WORDS[status]}{items && status === 'live' ? ` · ${items.length.toLocaleString()} ${items.length === 1 ? 'item' : 'items'}` : ''}
            </Text>
            {items === null ? <Loading rows={4} /> : items.length === 0 ? <Empty title="The group is empty" /> : <ItemList items={items} />}
          </section>
        )
      }
    </Query>
  )
}
