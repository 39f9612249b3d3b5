import { Select } from '@mantine/core'
import { useState } from 'react'
import { Field } from './Field'
import { type FieldProps, useForm } from './FormContext'
import { blankOf, closest, isValid } from './model'
import { labelOf, Section } from './Section'
import classes from './SchemaForm.module.css'
import { type Field as FieldShape, isRecord, type Json, type JsonObject } from './schema'

interface VariantsFieldProps extends FieldProps {
  field: Extract<FieldShape, { kind: 'variants' }>
  onClear: (() => void) | undefined
}

/** One of several kinds of value: which, and then its fields. */
export function VariantsField({ field, value, onChange, path, name, required, onClear }: VariantsFieldProps) {
  const { root, disabled } = useForm()
  const [chosen, setChosen] = useState<number | null>(null)
  const schemas = field.variants.map((variant) => variant.schema)
  const likely = closest(schemas, value, root)
  const fitsLikely = isValid({ $defs: root.$defs, definitions: root.definitions, ...schemas[likely] }, value)
  const fitsChosen = chosen !== null && isValid({ $defs: root.$defs, definitions: root.definitions, ...schemas[chosen] }, value)
  // What was chosen holds until the value is clearly another one, from an example for instance.
  const current = chosen !== null && (fitsChosen || !fitsLikely) ? chosen : likely
  const variant = field.variants[current]
  const choose = (index: number) => {
    const next = field.variants[index]
    if (!next) return
    setChosen(index)
    const blank = blankOf(next.schema, root)
    onChange(isRecord(blank) && isRecord(value) ? kept(value as JsonObject, blank as JsonObject) : (blank ?? null))
  }
  return (
    <Section name={name} field={field} path={path} required={required} onClear={onClear}>
      <Select
        label={path.length ? undefined : 'Kind'}
        aria-label={`Kind of ${labelOf(name, field.title) || 'value'}`}
        className={classes.short}
        disabled={disabled}
        data={field.variants.map(({ label }, index) => ({ value: String(index), label }))}
        value={String(current)}
        onChange={(next) => next !== null && choose(Number(next))}
      />
      {variant ? (
        <Field
          key={current}
          schema={{ ...variant.schema, title: undefined }}
          value={value}
          onChange={onChange}
          path={path}
          name=""
          required
        />
      ) : null}
    </Section>
  )
}

/** The blank value with what was said before in fields of the same name. */
function kept(before: JsonObject, blank: JsonObject): JsonObject {
  const same = Object.entries(blank).map(([key, value]): [string, Json] => {
    const old = before[key]
    return [key, value === '' && typeof old === 'string' ? old : value]
  })
  return Object.fromEntries(same)
}
