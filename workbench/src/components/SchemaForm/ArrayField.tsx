import { ActionIcon, Button, Text, Tooltip } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Field } from './Field'
import { type FieldProps, useForm } from './FormContext'
import { blankOf, moved } from './model'
import { labelOf, Section } from './Section'
import classes from './SchemaForm.module.css'
import type { Field as FieldShape, Json } from './schema'

interface ArrayFieldProps extends FieldProps {
  field: Extract<FieldShape, { kind: 'array' }>
  onClear: (() => void) | undefined
}

/** A list: items can be added, moved and removed. */
export function ArrayField({ field, value, onChange, path, name, required, onClear }: ArrayFieldProps) {
  const { root, disabled } = useForm()
  const items = Array.isArray(value) ? value : []
  const schemaAt = (index: number) => field.first[index] ?? field.items
  const next = schemaAt(items.length)
  const set = (index: number, item: Json | undefined) => onChange(items.map((each, at) => (at === index ? (item ?? null) : each)))
  const label = labelOf(name, field.title)
  return (
    <Section name={name} field={field} path={path} required={required} onClear={onClear}>
      {items.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing in it yet.
        </Text>
      ) : null}
      {items.map((item, index) => {
        const called = `${label || 'item'} ${index + 1}`
        return (
          // By its place: items have nothing else to be known by.
          <div key={index} className={classes.item}>
            <div className={classes.grow}>
              <Field
                schema={schemaAt(index) ?? {}}
                value={item}
                onChange={(changed) => set(index, changed)}
                path={[...path, index]}
                name={String(index + 1)}
                required
              />
            </div>
            <div className={classes.tools}>
              {items.length > 1 ? (
                <>
                  <Tool label={`Move ${called} up`} disabled={disabled || index === 0} onClick={() => onChange(moved(items, index, -1))}>
                    <IconArrowUp size={14} aria-hidden />
                  </Tool>
                  <Tool
                    label={`Move ${called} down`}
                    disabled={disabled || index === items.length - 1}
                    onClick={() => onChange(moved(items, index, 1))}
                  >
                    <IconArrowDown size={14} aria-hidden />
                  </Tool>
                </>
              ) : null}
              <Tool label={`Remove ${called}`} disabled={disabled} onClick={() => onChange(items.filter((_, at) => at !== index))}>
                <IconTrash size={14} aria-hidden />
              </Tool>
            </div>
          </div>
        )
      })}
      {next && items.length < field.most ? (
        <Button
          size="compact-sm"
          variant="default"
          className={classes.add}
          disabled={disabled}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange([...items, blankOf(next, root) ?? null])}
        >
          Add an item
        </Button>
      ) : null}
    </Section>
  )
}

function Tool({ label, disabled, onClick, children }: { label: string; disabled: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label} openDelay={300}>
      <ActionIcon variant="subtle" color="gray" size="sm" disabled={disabled} aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  )
}
