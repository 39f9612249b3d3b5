import { Anchor, Button, Group, Select, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { IconMessage2, IconPlayerPause, IconPlayerPlay, IconSend } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { Link, useParams } from 'react-router'
import { $api, type Api } from '@/api/client'
import { useSession } from '@/api/session'
import { flowPath } from '@/app/paths'
import { Page } from '@/components/Page/Page'
import { Empty, Failed, Loading, Query } from '@/components/States/States'
import { useUrl } from '@/components/useUrl'
import { SchemaTable } from '@/features/flows/StepPanel/SchemaTable'
import { MessageList } from './MessageList/MessageList'
import type { Topic } from './model'
import { SendDialog } from './SendDialog/SendDialog'
import { Reach } from './TopicsPage'
import { useMessages } from './useMessages'

/** A topic: who is at its ends, what its messages look like, and those that pass. */
export function Component() {
  const { topic: name = '' } = useParams()
  const topic = $api.useQuery('get', '/api/topics/{topic}', { params: { path: { topic: name } } })
  const { can } = useSession()
  const [sending, setSending] = useState(false)
  const received = (topic.data?.receivers ?? []).length > 0
  return (
    <Page
      title={name}
      crumbs={[{ label: 'Topics', to: '/topics' }]}
      description={topic.data?.description}
      beside={topic.data && <Reach topic={topic.data} />}
      actions={can('operate') && received && (
        <Button leftSection={<IconSend size={16} aria-hidden />} onClick={() => setSending(true)}>Send a message</Button>
      )}
    >
      <Query of={topic}>
        {(found) => (
          <Stack gap="xl">
            <Ends topic={found} />
            <Messages topic={found} />
          </Stack>
        )}
      </Query>
      {sending && topic.data && <SendDialog topic={topic.data} onClose={() => setSending(false)} />}
    </Page>
  )
}

function Ends({ topic }: { topic: Topic }) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xl">
      <section>
        <Title order={2} size="h5" mb={4}>Emitted by</Title>
        <Steps ends={topic.sources ?? []} none={topic.external ? 'Systems outside.' : 'No step.'} />
      </section>
      <section>
        <Title order={2} size="h5" mb={4}>Received by</Title>
        <Steps ends={topic.receivers ?? []} none="No step: its messages end here." />
      </section>
      <section>
        <Title order={2} size="h5" mb={4}>What its messages look like</Title>
        {topic.message ? <SchemaTable schema={topic.message} label={`Messages of ${topic.name}`} /> : <Text size="sm" c="dimmed">Anything: it has no schema.</Text>}
      </section>
    </SimpleGrid>
  )
}

function Steps({ ends, none }: { ends: readonly Api['TopicEnd'][]; none: string }) {
  if (ends.length === 0) return <Text size="sm" c="dimmed">{none}</Text>
  return (
    <Stack gap={6}>
      {ends.map((end) => (
        <div key={end.step}>
          <Anchor component={Link} size="sm" to={flowPath(end.flows[0] ?? '', end.step)}>{end.name}</Anchor>
          <Text size="sm" c="dimmed">
            {end.flows.join(', ')}
            {end.conditional && ', sometimes'}
            {end.where && <>, where <span className="mono">{end.where}</span></>}
          </Text>
        </div>
      ))}
    </Stack>
  )
}

function Messages({ topic }: { topic: Topic }) {
  const { params, change } = useUrl()
  const flow = params.get('flow')
  const [paused, setPaused] = useState(false)
  const found = useMessages(topic.name, flow, paused)
  const all = useMemo(() => [...(topic.sources ?? []), ...(topic.receivers ?? [])], [topic])
  const stepNames = useMemo(() => new Map(all.map((end) => [end.step, end.name])), [all])
  const flows = [...new Set(all.flatMap((end) => end.flows))]
  return (
    <section>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">Messages as they pass</Title>
        <Group gap="xs">
          {flows.length > 1 && (
            <Select aria-label="Flow" placeholder="All flows" clearable w={170} data={flows} value={flow} onChange={(value) => change({ flow: value })} clearButtonProps={{ 'aria-label': 'All flows' }} />
          )}
          <Button variant="default" aria-pressed={paused} leftSection={paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />} onClick={() => setPaused(!paused)}>
            {paused ? `Resume${found.waiting > 0 ? ` (${found.waiting} new)` : ''}` : 'Pause'}
          </Button>
        </Group>
      </Group>
      {found.isPending && <Loading rows={5} />}
      {found.error && <Failed error={found.error} retry={found.refetch} />}
      {found.data && found.messages.length === 0 && (
        <Empty title="No message has passed yet" icon={<IconMessage2 size={32} aria-hidden />}>
          {found.hasNextPage ? 'At least not lately: the journal goes further back.' : 'Those that pass appear here at once.'}
        </Empty>
      )}
      {found.messages.length > 0 && (
        <MessageList topic={topic.name} messages={found.messages} stepNames={stepNames} opened={params.get('message')} onOpen={(message) => change({ message })} />
      )}
      {found.hasNextPage && (
        <Button mt="sm" variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>Older messages</Button>
      )}
    </section>
  )
}
