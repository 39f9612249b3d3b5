import { Button, Radio, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type FormEvent, useMemo, useState } from 'react'
import { fetchApi } from '@/api/client'
import { asError } from '@/api/errors'
import { blankOf, errorsBelow, isValid } from '@/components/SchemaForm/model'
import type { Json, JsonObject, JsonSchema } from '@/components/SchemaForm/schema'
import { SchemaForm } from '@/components/SchemaForm/SchemaForm'
import { Failed } from '@/components/States/States'
import { type TaskDetail, verdictOf } from '../model'
import classes from './Task.module.css'

const ANYTHING: JsonSchema = {}

interface AnswerFormProps {
  task: TaskDetail
  by: string
  onSent: () => Promise<unknown>
}

/** The form for the answer: a yes or no as two large buttons, everything else as the schema says. */
export function AnswerForm({ task, by, onSent }: AnswerFormProps) {
  const schema: JsonSchema = task.input ?? ANYTHING
  const verdict = useMemo(() => verdictOf(schema), [schema])
  const asked = verdict ? verdict.rest : schema
  const [value, setValue] = useState<Json | undefined>(() => blankOf(asked, asked) ?? (verdict ? {} : undefined))
  const [approved, setApproved] = useState<boolean | null>(null)
  const [comment, setComment] = useState('')
  const [reveal, setReveal] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const details = error === null ? [] : asError(error).details
  const fields = errorsBelow(details, 'data')
  const answer: Json | undefined = verdict ? { ...(value as JsonObject), ...(approved === null ? {} : { approved }) } : value

  async function send(event: FormEvent) {
    event.preventDefault()
    setReveal(true)
    setError(null)
    if (answer === undefined || !isValid(schema, answer)) return
    setBusy(true)
    try {
      await fetchApi.POST('/api/tasks/{task_id}/answer', {
        params: { path: { task_id: task.id } },
        body: { data: answer, comment, by },
      })
      notifications.show({ title: 'Sent', message: `Your answer to “${task.name}” is in.`, color: 'green' })
      await onSent()
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }

  return (
    <section className={classes.part} aria-labelledby="answer">
      <h2 id="answer">Your answer</h2>
      <form noValidate className={classes.form} onSubmit={(event) => void send(event)}>
        {verdict && (
          <Radio.Group
            aria-label="Your decision"
            value={approved === null ? null : approved ? 'yes' : 'no'}
            onChange={(given) => setApproved(given === 'yes')}
            error={reveal && approved === null ? 'Approve or refuse.' : undefined}
          >
            <div className={classes.verdict}>
              <Choice value="yes" label="Approve" />
              <Choice value="no" label="Refuse" />
            </div>
          </Radio.Group>
        )}
        {(!verdict || verdict.more) && (
          <SchemaForm schema={asked} value={value} onChange={setValue} errors={fields} disabled={busy} reveal={reveal} />
        )}
        <Textarea
          label="Comment"
          description="Optional: what else there is to say."
          autosize
          minRows={2}
          maxLength={10_000}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        {error !== null && <Failed error={error} />}
        <div className={classes.send}>
          <Button type="submit" size="md" loading={busy}>
            {approved === null ? 'Send' : approved ? 'Send: approve' : 'Send: refuse'}
          </Button>
          <span className="quiet">as {by}</span>
        </div>
      </form>
    </section>
  )
}

function Choice({ value, label }: { value: string; label: string }) {
  return (
    <Radio.Card value={value} className={classes.choice ?? ''} data-verdict={value} aria-label={label}>
      <Radio.Indicator />
      {label}
    </Radio.Card>
  )
}
