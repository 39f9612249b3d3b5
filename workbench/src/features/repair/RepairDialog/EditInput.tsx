import { SegmentedControl, Stack } from '@mantine/core'
import { useMemo, useState } from 'react'
import { JsonEditor } from '@/components/CodeEditor/JsonEditor'
import type { FieldError } from '@/components/SchemaForm/model'
import { fieldOf, type Json, type JsonSchema } from '@/components/SchemaForm/schema'
import { SchemaForm } from '@/components/SchemaForm/SchemaForm'
import { changes } from '../model'
import classes from './RepairDialog.module.css'

interface EditInputProps {
  original: unknown
  schema: JsonSchema | null
  /** What the server says is wrong. */
  problems: readonly FieldError[]
  /** The input as edited; `sound` is false while its text is no JSON. */
  onEdit: (value: unknown, sound: boolean) => void
}

type View = 'form' | 'json' | 'changes'

/** Edits the input of a delivery: as a form, as JSON, and with what differs from the original. */
export function EditInput({ original, schema: given, problems, onEdit }: EditInputProps) {
  const schema = given && saysFields(given) ? given : null
  const [value, setValue] = useState<Json | undefined>(original as Json)
  const [text, setText] = useState(() => JSON.stringify(original, null, 2) ?? 'null')
  const [chosen, setChosen] = useState<View | null>(null)
  const view = chosen ?? (schema ? 'form' : 'json')
  const changed = useMemo(() => changes(original, value), [original, value])
  const views = [
    ...(schema ? [{ value: 'form', label: 'Form' }] : []),
    { value: 'json', label: 'JSON' },
    { value: 'changes', label: changed.length > 0 ? 'Changes' : 'No changes' },
  ]

  function typed(next: string) {
    setText(next)
    const read = parsed(next)
    if (read) setValue(read.value)
    onEdit(read ? read.value : value, read !== null)
  }

  function filled(next: Json | undefined) {
    setValue(next)
    setText(JSON.stringify(next ?? null, null, 2))
    onEdit(next ?? null, true)
  }

  return (
    <Stack gap="xs" className={classes.edit}>
      <SegmentedControl
        aria-label="How to edit the input"
        size="xs"
        value={view}
        data={views}
        onChange={(next) => setChosen(next as View)}
        className={classes.views ?? ''}
      />
      {view === 'form' && schema && <SchemaForm schema={schema} value={value} onChange={filled} errors={problems} />}
      {view === 'json' && <JsonEditor label="Input" value={text} onChange={typed} schema={given ?? undefined} height={180} />}
      {view === 'changes' && <Changes lines={changed} />}
      {view !== 'form' && problems.length > 0 && (
        <ul className={classes.problems}>
          {problems.map(({ field, message }) => (
            <li key={`${field}${message}`}>
              {field && <code>{field}</code>} {message}
            </li>
          ))}
        </ul>
      )}
    </Stack>
  )
}

/** Whether a form can be drawn: a schema that only says "an object" leaves everything to JSON. */
function saysFields(schema: JsonSchema): boolean {
  const field = fieldOf(schema, schema)
  return field.kind === 'object' ? field.properties.length > 0 : field.kind !== 'raw'
}

const SIGNS = { same: ' ', gone: '−', new: '+' } as const
const WORDS = { same: '', gone: 'Removed: ', new: 'Added: ' } as const

function Changes({ lines }: { lines: ReturnType<typeof changes> }) {
  if (lines.length === 0) return <p className="quiet">The input is the one that it had.</p>
  return (
    <pre className={classes.diff} aria-label="Changes of the input">
      {lines.map((line, index) => (
        // Lines have no names: their place is all that tells them apart.
        <span key={index} data-kind={line.kind}>
          <span className="visually-hidden">{WORDS[line.kind]}</span>
          <span aria-hidden>{SIGNS[line.kind]} </span>
          {line.text}
          {'\n'}
        </span>
      ))}
    </pre>
  )
}

function parsed(text: string): { value: Json } | null {
  try {
    return { value: JSON.parse(text) as Json }
  } catch {
    return null
  }
}
