import { Group, SegmentedControl, Text, Textarea } from '@mantine/core'
import { useMemo } from 'react'
import { JsonEditor } from '@/components/CodeEditor/JsonEditor'
import { errorsBelow } from '@/components/SchemaForm/model'
import { SchemaForm } from '@/components/SchemaForm/SchemaForm'
import type { Detail } from '@/api/errors'
import { type BodyMode, type Draft, errorRoot, inMode, type Trigger } from '../model'

const TITLES = { api: 'Body', call: 'Input', event: 'Message', cron: '' }

interface BodyProps {
  trigger: Trigger
  draft: Draft
  errors: readonly Detail[]
  onChange: (draft: Draft) => void
}

/** What is sent: as a form, as JSON, or as any text. */
export function Body({ trigger, draft, errors, onChange }: BodyProps) {
  const title = TITLES[trigger.kind]
  const below = useMemo(() => errorsBelow(errors, errorRoot(trigger)), [errors, trigger])
  const modes: { value: BodyMode; label: string }[] = [
    ...(trigger.input ? [{ value: 'form' as const, label: 'Form' }] : []),
    { value: 'json', label: 'JSON' },
    ...(trigger.kind === 'api' ? [{ value: 'text' as const, label: 'Text' }] : []),
  ]
  return (
    <section aria-label={title}>
      <Group justify="space-between" mb="xs">
        <Text fw={600} size="sm">
          {title}
        </Text>
        {modes.length > 1 ? (
          <SegmentedControl
            size="xs"
            aria-label={`How the ${title.toLowerCase()} is edited`}
            data={modes}
            value={draft.mode}
            onChange={(mode) => onChange(inMode(draft, mode as BodyMode))}
          />
        ) : null}
      </Group>
      {draft.mode === 'form' && trigger.input ? (
        <SchemaForm schema={trigger.input} value={draft.body} onChange={(body) => onChange({ ...draft, body })} errors={below} />
      ) : draft.mode === 'json' ? (
        <JsonEditor
          label={title}
          value={draft.text}
          onChange={(text) => onChange({ ...draft, text })}
          schema={trigger.input ?? undefined}
          height={180}
        />
      ) : (
        <Textarea
          aria-label={title}
          autosize
          minRows={6}
          maxRows={20}
          value={draft.text}
          onChange={(event) => onChange({ ...draft, text: event.currentTarget.value })}
          description="Sent as it is. The header Content-Type says what it is."
          inputWrapperOrder={['input', 'description', 'error']}
        />
      )}
      {draft.mode === 'form' ? null : <Errors errors={below} />}
    </section>
  )
}

function Errors({ errors }: { errors: readonly Detail[] }) {
  return errors.map(({ field, message }) => (
    <Text key={`${field}${message}`} size="xs" c="var(--wb-failed)">
      {field ? <code>{field}</code> : null} {message}
    </Text>
  ))
}
