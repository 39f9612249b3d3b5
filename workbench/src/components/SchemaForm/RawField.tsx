import { useEffect, useState } from 'react'
import { JsonEditor } from '@/components/CodeEditor/JsonEditor'
import { type FieldProps, useForm } from './FormContext'
import { asText, fieldAt } from './model'
import { labelOf, Section } from './Section'
import { fieldOf, type Json } from './schema'

/** A value that no field can be drawn for, as JSON. */
export function RawField({ schema, value, onChange, path, name, required, onClear }: FieldProps & { onClear: (() => void) | undefined }) {
  const { root, disabled, touch } = useForm()
  const field = fieldOf(schema, root)
  const [text, setText] = useState(() => asText(value))
  useEffect(() => {
    // From outside, such as an example; what is being typed is left alone.
    setText((before) => (same(before, value) ? before : asText(value)))
  }, [value])
  const change = (next: string) => {
    setText(next)
    touch(fieldAt(path))
    const parsed = parse(next)
    if (parsed.ok) onChange(parsed.value)
  }
  return (
    <Section name={name} field={field} path={path} required={required} onClear={onClear}>
      <JsonEditor
        value={text}
        onChange={change}
        schema={{ $defs: root.$defs, definitions: root.definitions, ...schema }}
        label={labelOf(name, field.title) || 'Value'}
        height={64}
        readOnly={disabled}
      />
    </Section>
  )
}

function parse(text: string): { ok: true; value: Json | undefined } | { ok: false } {
  if (!text.trim()) return { ok: true, value: undefined }
  try {
    return { ok: true, value: JSON.parse(text) as Json }
  } catch {
    return { ok: false }
  }
}

function same(text: string, value: Json | undefined): boolean {
  const parsed = parse(text)
  // Half a value stands for the one before it.
  return !parsed.ok || JSON.stringify(parsed.value) === JSON.stringify(value)
}
