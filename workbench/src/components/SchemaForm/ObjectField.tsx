import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { Field } from './Field'
import { type FieldProps, useForm } from './FormContext'
import { blankOf, freshKey, renamed, withKey } from './model'
import { Section } from './Section'
import classes from './SchemaForm.module.css'
import { type Field as FieldShape, isRecord, type Json, type JsonObject, type JsonSchema } from './schema'

interface ObjectFieldProps extends FieldProps {
  field: Extract<FieldShape, { kind: 'object' }>
  onClear: (() => void) | undefined
}

/** An object: its properties, and what else is in it or may be. */
export function ObjectField({ field, value, onChange, path, name, required, onClear }: ObjectFieldProps) {
  const { root, disabled } = useForm()
  const object = isRecord(value) ? (value as JsonObject) : {}
  const declared = new Set(field.properties.map((property) => property.name))
  const others = Object.keys(object).filter((key) => !declared.has(key))
  const more = field.more
  const set = (key: string, next: Json | undefined) => onChange(withKey(object, key, next))
  return (
    <Section name={name} field={field} path={path} required={required} onClear={onClear}>
      {field.properties.map((property) => (
        <Field
          key={property.name}
          {...property}
          value={object[property.name]}
          onChange={(next) => set(property.name, next)}
          path={[...path, property.name]}
        />
      ))}
      {others.map((key, index) => (
        <Entry
          // By its place: its name changes while it is typed.
          key={index}
          name={key}
          schema={more ?? {}}
          value={object[key]}
          path={[...path, key]}
          taken={(other) => other !== key && other in object}
          onRename={(to) => onChange(renamed(object, key, to))}
          onChange={(next) => set(key, next ?? null)}
          onRemove={() => set(key, undefined)}
        />
      ))}
      {more ? (
        <Button
          size="compact-sm"
          variant="default"
          className={classes.add}
          disabled={disabled}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => set(freshKey(object), blankOf(more, root) ?? null)}
        >
          Add an entry
        </Button>
      ) : null}
    </Section>
  )
}

interface EntryProps {
  name: string
  schema: JsonSchema
  value: Json | undefined
  path: readonly (string | number)[]
  taken: (name: string) => boolean
  onRename: (name: string) => void
  onChange: (value: Json | undefined) => void
  onRemove: () => void
}

/** An entry of a map: its name can be changed as well. */
function Entry({ name, schema, value, path, taken, onRename, onChange, onRemove }: EntryProps) {
  const { disabled } = useForm()
  const [typed, setTyped] = useState(name)
  const clash = taken(typed)
  return (
    <div className={classes.entry}>
      <TextInput
        label="Name"
        size="sm"
        disabled={disabled}
        value={clash ? typed : name}
        error={clash ? `There is a ${typed} already.` : undefined}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          onRename(event.currentTarget.value)
        }}
      />
      <div className={classes.grow}>
        <Field schema={schema} value={value} onChange={onChange} path={path} name="Value" required />
      </div>
      <Tooltip label={`Remove ${name}`} openDelay={300}>
        <ActionIcon variant="subtle" color="gray" mt={26} disabled={disabled} aria-label={`Remove ${name}`} onClick={onRemove}>
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  )
}
