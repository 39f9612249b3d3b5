import { Button, Group, Text, UnstyledButton } from '@mantine/core'
import { When } from '@/components/When/When'
import { forgetAll, type SentOnce, useHistory } from '../history'
import { statusTone, statusWords } from '../model'
import classes from './History.module.css'

interface HistoryProps {
  flow: string
  trigger: string
  onChoose: (entry: SentOnce) => void
}

/** What was sent to a trigger in this browser session, to send it again. */
export function History({ flow, trigger, onChoose }: HistoryProps) {
  const all = useHistory(({ sent }) => sent)
  const sent = all.filter((entry) => entry.flow === flow && entry.trigger === trigger)
  if (sent.length === 0) return null
  return (
    <section aria-label="Sent before">
      <Group justify="space-between" mb={4}>
        <Text fw={600} size="sm">
          Sent before
        </Text>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={forgetAll}>
          Forget them
        </Button>
      </Group>
      <ol className={classes.list}>
        {sent.slice(0, 8).map((entry) => (
          <li key={entry.at}>
            <UnstyledButton className={classes.entry} title="Fill it in again" onClick={() => onChoose(entry)}>
              <span className={classes.status} data-tone={statusTone(entry.status)}>
                {entry.status === null ? 'no answer' : statusWords(entry.status)}
              </span>
              <span className={classes.summary}>{summaryOf(entry)}</span>
              <span className={classes.when}>
                <When at={entry.at / 1_000} />
              </span>
            </UnstyledButton>
          </li>
        ))}
      </ol>
    </section>
  )
}

function summaryOf({ draft }: SentOnce): string {
  const body = draft.mode === 'form' ? draft.body === undefined ? '' : JSON.stringify(draft.body) : draft.text.replaceAll(/\s+/g, ' ')
  return [...Object.values(draft.pathParams), body].filter(Boolean).join(' · ') || 'nothing in it'
}
