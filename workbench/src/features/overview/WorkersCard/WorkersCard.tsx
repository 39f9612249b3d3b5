import { Alert, Badge, Code, Paper, ScrollArea, Table, Text, Title } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { Api } from '@/api/client'
import { Query } from '@/components/States/States'
import { durationInWords } from '@/components/When/model'
import { When } from '@/components/When/When'
import { capital } from '@/components/words'
import { LANGUAGES, commandFor, unattended, workOf } from '../model'
import { useWorkers } from '../queries'
import classes from './WorkersCard.module.css'

/** Who works on what, what waits for them, and what nobody works on. */
export function WorkersCard() {
  const workers = useWorkers()
  return (
    <Paper component="section" withBorder p="md" aria-label="Workers">
      <Title order={2} className={classes.title}>
        Workers
      </Title>
      <Query of={workers} rows={5}>
        {(found) => (
          <>
            <Missing queues={found.queues} />
            <Queues queues={found.queues} />
            <Processes workers={found.workers} />
          </>
        )}
      </Query>
    </Paper>
  )
}

function Missing({ queues }: { queues: Api['QueueView'][] }) {
  return unattended(queues).map(({ queue, text }) => (
    <Alert
      key={queue.name + queue.work}
      color="orange"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title={text}
      mb="xs"
      styles={{ title: { color: 'var(--wb-text)' } }}
    >
      <Text size="sm">
        {queue.backlog > 0 ? `About ${queue.backlog.toLocaleString()} wait. ` : ''}
        No process has asked for this work lately: start one with <Code>{commandFor(queue)}</Code>
        {queue.own ? ', or wait until the ones that are busy with it are done' : ''}.
      </Text>
    </Alert>
  ))
}

function Queues({ queues }: { queues: Api['QueueView'][] }) {
  return (
    <ScrollArea type="auto" offsetScrollbars="x" viewportProps={{ tabIndex: 0, 'aria-label': 'Work by language', role: 'region' }}>
      <Table verticalSpacing={5} miw={430}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Work</Table.Th>
            <Table.Th ta="right">Workers</Table.Th>
            <Table.Th ta="right">Waiting</Table.Th>
            <Table.Th ta="right">Oldest</Table.Th>
            <Table.Th ta="right">Done</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {queues.map((queue) => (
            <Table.Tr key={queue.name + queue.work}>
              <Table.Td title={queue.name} className={classes.work}>
                {capital(workOf(queue))}
              </Table.Td>
              <Table.Td className={classes.number}>{queue.workers || <strong className={classes.none}>none</strong>}</Table.Td>
              <Table.Td className={classes.number}>{queue.backlog.toLocaleString()}</Table.Td>
              <Table.Td className={classes.number}>
                {queue.backlog > 0 ? durationInWords(queue.backlog_seconds * 1_000) : <span className="quiet">–</span>}
              </Table.Td>
              <Table.Td className={classes.number}>{rate(queue.done_per_second)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}

function Processes({ workers }: { workers: Api['WorkerView'][] }) {
  return (
    <ul className={classes.processes} aria-label="Processes">
      {workers.map((worker) => (
        <li key={worker.identity} className={classes.process} data-silent={worker.silent || undefined}>
          <span className={`mono ${classes.identity ?? ''}`}>{worker.identity}</span>
          {[...(worker.runs ? ['runs'] : []), ...worker.languages.map((each) => LANGUAGES[each])].map((what) => (
            <Badge key={what} variant="default" size="sm" tt="none" fw={550}>
              {what}
            </Badge>
          ))}
          {worker.build && (
            <span className="quiet">
              version <span className="mono">{worker.build.slice(0, 8)}</span>
            </span>
          )}
          <span className={classes.seen}>
            {worker.silent ? 'silent since ' : 'seen '}
            <When at={worker.last_seen} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function rate(perSecond: number): string {
  if (perSecond === 0) return '–'
  return perSecond < 0.1 ? `${(perSecond * 60).toFixed(1)}/min` : `${perSecond.toFixed(1)}/s`
}
