import { Group, Stack, Table, Tabs, Text } from '@mantine/core'
import type { Api } from '@/api/client'
import { CodeView } from '@/components/CodeEditor/CodeView'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { JsonView } from '@/components/JsonView/JsonView'
import { durationInWords } from '@/components/When/model'
import { parsed, sizeWords, statusTone, statusWords, type Tried } from '../model'
import classes from './Answer.module.css'
import { StartedRun } from './StartedRun'

/** What came of a request: the answer, when there is one, and the runs it started. */
export function Answer({ tried, runs }: { tried: Tried | null; runs: readonly Api['Accepted'][] }) {
  return (
    <Stack gap="md">
      {tried ? <Summary tried={tried} /> : null}
      {runs.map((run) => (
        <StartedRun key={run.run_id} run={run} />
      ))}
      {tried ? <Parts tried={tried} /> : null}
    </Stack>
  )
}

const ENDINGS = {
  cut_off: 'The answer goes on: this is what came until it was cut off.',
  timed_out: 'Nothing came in time. If a run was started, it goes on: the list of runs shows it.',
}

function Summary({ tried }: { tried: Tried }) {
  return (
    <div role="status">
      <Group gap="sm">
        <span className={classes.status} data-tone={statusTone(tried.status)}>
          {tried.status === null ? 'No answer' : statusWords(tried.status)}
        </span>
        <Text size="sm" c="dimmed">
          {durationInWords(tried.milliseconds)} · {sizeWords(tried.bytes)}
        </Text>
      </Group>
      {tried.ended === 'answered' ? null : (
        <Text size="sm" mt={4}>
          {ENDINGS[tried.ended]}
        </Text>
      )}
    </div>
  )
}

function Parts({ tried }: { tried: Tried }) {
  const { sent, headers } = tried
  const added = new Set(sent.added)
  return (
    <Tabs defaultValue="body" keepMounted={false}>
      <Tabs.List>
        <Tabs.Tab value="body">Body</Tabs.Tab>
        <Tabs.Tab value="headers">Headers ({headers.length})</Tabs.Tab>
        <Tabs.Tab value="sent">Sent</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="body" pt="sm">
        <BodyView tried={tried} />
      </Tabs.Panel>
      <Tabs.Panel value="headers" pt="sm">
        <HeaderTable headers={headers} />
      </Tabs.Panel>
      <Tabs.Panel value="sent" pt="sm">
        <Text size="sm" className="mono" mb="xs" style={{ overflowWrap: 'anywhere' }}>
          {sent.method} {sent.target}
        </Text>
        <HeaderTable headers={sent.headers} marked={added} />
        <Text size="xs" c="dimmed" mt="xs">
          {sizeWords(sent.bytes)} of body.{added.size ? ' Marked headers sign it.' : ''}
        </Text>
      </Tabs.Panel>
    </Tabs>
  )
}

function BodyView({ tried }: { tried: Tried }) {
  const kind = tried.headers.find(({ name }) => name === 'content-type')?.value ?? ''
  if (tried.bytes === 0) return <Text size="sm" c="dimmed">The answer has no body.</Text>
  if (tried.text === null) {
    return kind.startsWith('image/') ? (
      <img className={classes.image} alt="What was answered" src={`data:${kind};base64,${tried.base64}`} />
    ) : (
      <Text size="sm" c="dimmed">
        {sizeWords(tried.bytes)} of {kind || 'bytes'}, which is no text.
      </Text>
    )
  }
  const json = kind.includes('json') ? parsed(tried.text) : { ok: false as const }
  if (json.ok && json.value !== undefined) return <JsonView value={json.value} label="Body" open={3} />
  return (
    <div className={classes.text}>
      <span className={classes.copy}>
        <CopyButton text={tried.text} label="Copy the body" />
      </span>
      <CodeView code={tried.text} language="text" label="Body" firstLine={null} maxHeight={420} />
    </div>
  )
}

function HeaderTable({ headers, marked }: { headers: readonly Api['Header'][]; marked?: ReadonlySet<string> }) {
  return (
    <div className={classes.headers}>
      <Table verticalSpacing={4} fz="xs" aria-label="Headers">
        <Table.Tbody>
          {headers.map(({ name, value }, index) => (
            <Table.Tr key={`${name}${index}`}>
              <Table.Th scope="row" className={classes.headerName}>
                {name}
                {marked?.has(name) ? <span title="Signs the request"> ✎</span> : null}
              </Table.Th>
              <Table.Td className="mono">{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}
