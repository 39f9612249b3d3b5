import { useCallback, useMemo, useState } from 'react'
import { Field } from './Field'
import { FormContext } from './FormContext'
import { errorsIn, type FieldError } from './model'
import classes from './SchemaForm.module.css'
import type { Json, JsonSchema } from './schema'

export interface SchemaFormProps {
  schema: JsonSchema
  value: Json | undefined
  onChange: (value: Json | undefined) => void
  /** What the server found; `errorsBelow(details, 'body')` makes them from an answer's details. */
  errors?: readonly FieldError[] | undefined
  disabled?: boolean
  /** Show all that is wrong, also in fields that nobody has been in yet. */
  reveal?: boolean
}

const CLICK_MS = 200

/** A form for what a JSON Schema describes. What it cannot draw is edited as JSON. */
export function SchemaForm({ schema, value, onChange, errors, disabled = false, reveal = false }: SchemaFormProps) {
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const touch = useCallback((field: string) => {
    // A field is often left by clicking on something else: that must not move away under the pointer.
    setTimeout(() => setTouched((before) => (before.has(field) ? before : new Set(before).add(field))), CLICK_MS)
  }, [])
  const found = useMemo(() => errorsIn(schema, value), [schema, value])
  const shown = useMemo(() => {
    const own = found.filter(({ field }) => reveal || touched.has(field))
    const byField = new Map<string, string[]>()
    for (const { field, message } of [...own, ...(errors ?? [])]) {
      const before = byField.get(field)
      // One that both found is told once, in our words.
      if (!before) byField.set(field, [message])
      else if (!errors?.some((error) => error.message === message)) before.push(message)
    }
    return byField
  }, [found, errors, touched, reveal])
  const form = useMemo(() => ({ root: schema, disabled, errors: shown, touch }), [schema, disabled, shown, touch])
  return (
    <FormContext value={form}>
      <div className={classes.form}>
        <Field schema={schema} value={value} onChange={onChange} path={[]} name="" required />
      </div>
    </FormContext>
  )
}
