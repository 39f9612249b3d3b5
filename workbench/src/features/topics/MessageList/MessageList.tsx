import { Anchor, Group, Stack, Text, UnstyledButton } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { Link } from 'react-router'
import { $api } from '@/api/client'
import { useSession } from '@/api/session'
import { runPath } from '@/app/paths'
import { JsonView } from '@/components/JsonView/JsonView'
import { Query } from '@/components/States/States'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { When } from '@/components/When/When'
import { idOf, type Message } from '../model'
import classes from './MessageList.module.css'

interface MessageListProps {
  topic: string
  messages: readonly Message[]
  stepNames: ReadonlyMap<string, string>
  opened: string | null
  onOpen: (id: string | null) => void
}

/** Messages that passed, the newest first; an opened one shows what was in it, read from its run. */
export function MessageList({ topic, messages, stepNames, opened, onOpen }: MessageListProps) {
  return (
    <ul className={classes.list} aria-label="Messages">
      {messages.map((message) => {
        const id = idOf(message)
        const from = message.step ? (stepNames.get(message.step) ?? message.step) : 'From outside'
        return (
          <li key={id} className={classes.item}>
            <UnstyledButton className={classes.head} aria-expanded={opened === id} onClick={() => onOpen(opened === id ? null : id)}>
              <IconChevronRight size={12} className={classes.chevron} aria-hidden />
              <span className={classes.time}><When at={message.at} as="clock" /></span>
              <span>{from}</span>
              <span className={`${classes.quiet} ${classes.flow}`}>{message.flow}</span>
            </UnstyledButton>
            {opened === id && <Detail topic={topic} message={message} />}
          </li>
        )
      })}
    </ul>
  )
}

function Detail({ topic, message }: { topic: string; message: Message }) {
  const { can } = useSession()
  const { flow, run_id, number, told } = message
  const found = $api.useQuery(
    'get', '/api/topics/{topic}/message',
    { params: { path: { topic }, query: { flow, run_id, number, told, delivery_id: message.delivery_id ?? undefined } } },
    // Who received it shows once they have begun.
    { enabled: can('read'), refetchInterval: (query) => (query.state.data?.receipts.every((each) => DONE.has(each.status)) ? false : 2_000) },
  )
  return (
    <Stack gap="xs" className={classes.detail}>
      <Text size="sm">
        In the run <Anchor component={Link} underline="always" size="sm" className="mono" to={runPath(flow, run_id, message.delivery_id)}>{run_id}</Anchor>
      </Text>
      {!can('read') ? (
        <Text size="sm" c="dimmed">What is in messages is for those who may read.</Text>
      ) : (
        <Query of={found} rows={3}>
          {({ data, receipts, known }) => (
            <>
              {known ? (
                <JsonView value={data} label="Message" open={3} />
              ) : (
                <Text size="sm" c="dimmed">What was in it was not kept: it tells of a failure or a task.</Text>
              )}
              {receipts.length === 0 && <Text size="sm" c="dimmed">No step of this run has received it, or not yet.</Text>}
              {receipts.map((receipt) => (
                <Group key={receipt.delivery_id} gap="sm">
                  <StatusBadge bare status={receipt.status} />
                  <Anchor component={Link} size="sm" to={runPath(flow, run_id, receipt.delivery_id)}>{receipt.name}</Anchor>
                </Group>
              ))}
            </>
          )}
        </Query>
      )}
    </Stack>
  )
}

const DONE = new Set(['completed', 'failed', 'cancelled', 'ignored', 'skipped'])
