import { Table, Text } from '@mantine/core'
import { $api } from '@/api/client'
import { Empty, Query } from '@/components/States/States'
import { When } from '@/components/When/When'
import { Words } from '@/components/Words/Words'
import { RepairMenu } from '@/features/repair'
import type { Run } from '../words'
import classes from './Tabs.module.css'

const ANSWERS: Record<string, string> = {
  answered: 'The answer',
  ended: 'The end of the answers',
  response_not_reached: 'That the run ended without an answer',
  flow_failed: 'That the run failed',
  timeout: 'That it took too long',
  cancelled: 'That it was cancelled',
}

/** Where the answers of the run went, with every attempt to deliver them. */
export function AnswersTab({ run }: { run: Run }) {
  const answers = $api.useQuery('get', '/api/answers/{flow}/{run_id}', { params: { path: { flow: run.flow, run_id: run.run_id } } }, { refetchInterval: 5_000, retry: false })
  return (
    <Query of={answers} rows={3}>
      {(found) =>
        found.answers.length === 0 ? (
          <Empty title="No answer is on its way">Answers that are brought to a webhook, a topic or a channel appear here, with every attempt. Those who wait for an answer get it directly.</Empty>
        ) : (
          found.answers.map((answer) => (
            <section key={answer.id} className={classes.answer}>
              <div className={classes.answerHead}>
                <div>
                  <strong>{ANSWERS[answer.answer] ?? answer.answer}</strong> to {answer.target} · <span data-status={answer.status}>{answer.status.replaceAll('_', ' ')}</span>
                  <Text size="sm" c="dimmed">
                    Given <When at={answer.answered_at} />
                    {answer.next_attempt_at && <> · tried again <When at={answer.next_attempt_at} /></>}
                  </Text>
                </div>
                <RepairMenu run={run} compact />
              </div>
              <Table.ScrollContainer minWidth={460} type="native">
                <Table verticalSpacing={4}>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Attempt</Table.Th>
                      <Table.Th>When</Table.Th>
                      <Table.Th>Outcome</Table.Th>
                      <Table.Th>What it said</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {answer.attempts.map((attempt, index) => (
                      <Table.Tr key={index}>
                        <Table.Td>{index + 1}</Table.Td>
                        <Table.Td><When at={attempt.at} as="clock" /></Table.Td>
                        <Table.Td>{attempt.outcome}{attempt.status_code ? ` (${attempt.status_code})` : ''}</Table.Td>
                        <Table.Td><Words text={attempt.message ?? ''} /></Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            </section>
          ))
        )
      }
    </Query>
  )
}
