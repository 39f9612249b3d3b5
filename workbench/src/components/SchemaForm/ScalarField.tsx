import { Checkbox, NumberInput, Select, Textarea, TextInput } from '@mantine/core'
import { type FieldProps, useErrorText, useForm } from './FormContext'
import { fieldAt } from './model'
import { isItem, Label, labelOf } from './Section'
import classes from './SchemaForm.module.css'
import type { Field, Json } from './schema'
import { fromLocal, toLocal } from './moments'

/** A field of one value: a text, a number, a choice. An empty one has no value, or `null`. */
export function ScalarField({ field, ...props }: FieldProps & { field: Field }) {
  const { disabled, touch } = useForm()
  const { value, onChange, path, name, required } = props
  const error = useErrorText(path)
  const empty: Json | undefined = required && field.nullable ? null : undefined
  const base = {
    ...(labelOf(name, field.title) ? { label: <Label name={name} title={field.title} /> } : { 'aria-label': 'Value' }),
    description: field.description ?? undefined,
    error,
    disabled,
    onBlur: () => touch(fieldAt(path)),
  }
  const shared = { ...base, required, withAsterisk: required && !isItem(path) }
  const placeholder = field.example ? `for example ${field.example}` : field.nullable ? 'nothing' : undefined

  switch (field.kind) {
    case 'text':
      return <TextField {...shared} field={field} value={value} empty={empty} placeholder={placeholder} onChange={onChange} />
    case 'number':
      return (
        <NumberInput
          {...shared}
          value={typeof value === 'number' ? value : ''}
          placeholder={placeholder}
          allowDecimal={!field.whole}
          step={field.step ?? 1}
          className={classes.short}
          // Out of bounds is shown as wrong, and not changed behind one's back.
          clampBehavior="none"
          {...(field.least === null ? {} : { min: field.least })}
          {...(field.most === null ? {} : { max: field.most })}
          onChange={(next) => onChange(typeof next === 'number' ? next : next === '' ? empty : asNumber(next))}
        />
      )
    case 'switch':
      return required && !field.nullable ? (
        <Checkbox
          {...base}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      ) : (
        <Select
          {...shared}
          data={YES_NO}
          value={typeof value === 'boolean' ? String(value) : null}
          placeholder="not said"
          clearable
          className={classes.short}
          onChange={(next) => onChange(next === null ? empty : next === 'true')}
        />
      )
    case 'choice': {
      const keys = field.options.map(({ value: option, label }) => ({ value: JSON.stringify(option), label }))
      return (
        <Select
          {...shared}
          data={keys}
          value={value === undefined || value === null ? null : JSON.stringify(value)}
          placeholder={placeholder ?? 'choose'}
          clearable={!required || field.nullable}
          searchable={keys.length > 8}
          onChange={(next) => onChange(next === null ? empty : (JSON.parse(next) as Json))}
        />
      )
    }
    case 'fixed':
      return (
        <TextInput
          {...shared}
          readOnly
          variant="filled"
          value={typeof field.value === 'string' ? field.value : JSON.stringify(field.value)}
          // Looking at it is enough to have it: it can be nothing else.
          onFocus={() => value !== field.value && onChange(field.value)}
        />
      )
    default:
      return null
  }
}

const YES_NO = [
  { value: 'true', label: 'Yes' },
  { value: 'false', label: 'No' },
]

interface TextFieldProps {
  field: Extract<Field, { kind: 'text' }>
  value: Json | undefined
  empty: Json | undefined
  placeholder: string | undefined
  required: boolean
  onChange: (value: Json | undefined) => void
}

function TextField({ field, value, empty, placeholder, onChange, ...shared }: TextFieldProps) {
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
  // A required text may be an empty one.
  const emptied = shared.required && !field.nullable && isFree(field) ? '' : empty
  const change = (next: string) => onChange(next === '' ? emptied : next)
  const props = { ...shared, placeholder }
  if (field.format === 'multiline') {
    return <Textarea {...props} autosize minRows={2} maxRows={12} value={text} onChange={(event) => change(event.currentTarget.value)} />
  }
  if (field.format === 'date-time') {
    return (
      <TextInput
        {...props}
        type="datetime-local"
        step={1}
        className={classes.short}
        value={toLocal(text)}
        onChange={(event) => change(fromLocal(event.currentTarget.value))}
      />
    )
  }
  const types = { date: 'date', email: 'email', uri: 'url', password: 'password', time: 'text', plain: 'text' } as const
  return (
    <TextInput
      {...props}
      type={types[field.format]}
      autoComplete="off"
      className={field.format === 'date' ? classes.short : undefined}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
    />
  )
}

function isFree(field: Extract<Field, { kind: 'text' }>): boolean {
  return field.format === 'plain' || field.format === 'multiline'
}

/** A number that is too big for `Number` stays what it is: a text, which is then wrong. */
function asNumber(text: string): Json {
  const number = Number(text)
  return Number.isFinite(number) && String(number) === text ? number : text
}
