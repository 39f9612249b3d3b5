import { Button, Code, Group, Paper, Select, Stack, Text, Title } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { useSession } from '@/api/session'
import { Words } from '@/components/Words/Words'
import { Failed } from '@/components/States/States'
import { agoInWords } from '@/components/When/model'
import { Answer } from '../Answer/Answer'
import { CodeSample } from '../CodeSample/CodeSample'
import { History } from '../History/History'
import { draftOf, type Example, obstacle, type Trigger } from '../model'
import { Request } from '../Request/Request'
import { KindIcon } from '../TriggerList/TriggerList'
import classes from './Tester.module.css'
import { useSending } from './useSending'

interface TesterProps {
  flow: string
  trigger: Trigger
  examples: Example[]
  /** The run whose request is the example. */
  example: string | null
  onExample: (run: string | null) => void
}

/** A request to a trigger: filled in, sent, and what came of it. */
export function Tester({ flow, trigger, examples, example, onExample }: TesterProps) {
  const chosen = examples.find(({ run_id }) => run_id === example)
  const [draft, setDraft] = useState(() => draftOf(trigger, chosen))
  const { can } = useSession()
  const sending = useSending(flow, trigger)
  const { mutate, isPending, data, error, errors } = sending
  const stopped = obstacle(draft, trigger)
  const ready = stopped === null && !isPending && can('operate')
  const send = () => ready && mutate(draft)
  const answer = useRef<HTMLDivElement>(null)
  useSendKey(send)
  useEffect(() => {
    // On a narrow screen the answer is below what was sent.
    if (data || error) answer.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' })
  }, [data, error])

  return (
    <div className={classes.columns}>
      <Paper withBorder radius="md" className={classes.panel}>
        <Stack gap="md">
          <Heading trigger={trigger} />
          {trigger.kind === 'cron' ? null : (
            <Examples
              trigger={trigger}
              examples={examples}
              example={chosen ? example : null}
              onExample={onExample}
              onBlank={() => setDraft(draftOf({ ...trigger, has_example: false }))}
            />
          )}
          {example !== null && !chosen ? (
            <Text size="sm" c="dimmed">
              What that run was given is not known any more. This is an example instead.
            </Text>
          ) : null}
          <Request trigger={trigger} draft={draft} errors={errors} onChange={setDraft} />
          <Group justify="space-between" className={classes.foot}>
            <Text size="sm" c="dimmed">
              {can('operate') ? (stopped ?? 'Ctrl+Enter sends') : 'Only operators may start runs'}
            </Text>
            <Button leftSection={<IconSend size={16} aria-hidden />} loading={isPending} disabled={!ready} onClick={send}>
              {trigger.kind === 'cron' ? 'Tick now' : trigger.kind === 'call' ? 'Call' : 'Send'}
            </Button>
          </Group>
        </Stack>
      </Paper>
      <div className={classes.side}>
        <Paper withBorder radius="md" className={classes.panel} ref={answer}>
          <Title order={2} size="h5" mb="sm">
            {trigger.kind === 'cron' ? 'What came of it' : 'Answer'}
          </Title>
          {error ? <Failed error={error} /> : null}
          {data ? <Answer tried={data.tried} runs={data.runs} /> : null}
          {!data && !error ? (
            <Text size="sm" c="dimmed" className={classes.nothing}>
              {isPending ? 'Waiting for the answer…' : 'Nothing was sent yet.'}
            </Text>
          ) : null}
        </Paper>
        <History flow={flow} trigger={trigger.id} onChoose={(entry) => setDraft(entry.draft)} />
        <CodeSample draft={draft} trigger={trigger} />
      </div>
    </div>
  )
}

function Heading({ trigger }: { trigger: Trigger }) {
  return (
    <div>
      <Group gap="sm" wrap="nowrap">
        <KindIcon kind={trigger.kind} />
        <Title order={2} size="h4">
          {trigger.name}
        </Title>
      </Group>
      {trigger.description ? (
        <Text size="sm" c="dimmed" mt={4}>
          {trigger.description}
        </Text>
      ) : null}
      <Group gap="xs" mt={8}>
        <Code className={classes.target}>
          {trigger.kind === 'cron' ? `${trigger.cron} (${trigger.time_zone})` : `${trigger.method} ${trigger.path}`}
        </Code>
        <Text size="xs" c="dimmed">
          <Words text={trigger.access_words} />
        </Text>
      </Group>
    </div>
  )
}

interface ExamplesProps {
  trigger: Trigger
  examples: Example[]
  example: string | null
  onExample: (run: string | null) => void
  onBlank: () => void
}

/** What to start from: the schema's example, nothing, or what an earlier run was given. */
function Examples({ trigger, examples, example, onExample, onBlank }: ExamplesProps) {
  const made = trigger.has_example ? 'An example made from the schema' : 'An empty request'
  const runs = examples.map((each) => ({ value: each.run_id, label: exampleLabel(each) }))
  const data = [
    { group: 'New', items: [{ value: '', label: made }, ...(trigger.has_example ? [{ value: '-', label: 'Blank' }] : [])] },
    ...(runs.length ? [{ group: 'Earlier runs', items: runs }] : []),
  ]
  return (
    <Select
      label="Start from"
      data={data}
      value={example ?? ''}
      onChange={(value) => (value === '-' ? onBlank() : onExample(value || null))}
    />
  )
}

function exampleLabel({ started_at, status, body, text, path_params }: Example): string {
  const said = [...Object.values(path_params), text ?? JSON.stringify(body)].filter(Boolean).join(' ')
  const short = said.length > 60 ? `${said.slice(0, 60)}…` : said
  return `${agoInWords(Date.parse(started_at), Date.now())}, ${status}: ${short}`
}

/** Sends on Ctrl+Enter, wherever in the page it is pressed. */
function useSendKey(send: () => void) {
  const latest = useRef(send)
  useEffect(() => {
    latest.current = send
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return
      event.preventDefault()
      latest.current()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
