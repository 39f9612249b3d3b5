import { ActionIcon, Text, Tooltip } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { type ReactNode, useId } from 'react'
import { useErrorText, useForm } from './FormContext'
import type { Path } from './model'
import classes from './SchemaForm.module.css'
import type { Field } from './schema'

/** What people call a field: its title, or the name it has in the data. */
export function labelOf(name: string, title: string | null): string {
  return title ?? name
}

/** The label of a field; the name it has in the data stands beside a title that differs. */
export function Label({ name, title }: { name: string; title: string | null }) {
  const same = !title || plainly(title) === plainly(name)
  return (
    <>
      {labelOf(name, title)}
      {same || !name ? null : <span className={classes.name}>{name}</span>}
    </>
  )
}

function plainly(text: string): string {
  return text.toLowerCase().replaceAll(/[\s_-]/g, '')
}

/** Whether a path leads to an item of a list, of which nobody asks whether it is required. */
export function isItem(path: Path): boolean {
  return typeof path.at(-1) === 'number'
}

interface SectionProps {
  name: string
  field: Field
  path: Path
  required: boolean
  /** Takes the part away again. */
  onClear?: (() => void) | undefined
  children: ReactNode
}

/** A part of a form with fields of its own. Without a name it has no frame: it is the whole, or within one. */
export function Section({ name, field, path, required, onClear, children }: SectionProps) {
  const { disabled } = useForm()
  const error = useErrorText(path)
  const id = useId()
  const label = labelOf(name, field.title)
  if (!name) {
    return (
      <div className={classes.fields}>
        {field.description ? <Text size="sm" c="dimmed">{field.description}</Text> : null}
        {error && path.length === 0 ? <Text size="sm" c="var(--wb-failed)">{error}</Text> : null}
        {children}
      </div>
    )
  }
  return (
    <div role="group" aria-labelledby={id} className={classes.section} data-wrong={error ? true : undefined}>
      <div className={classes.head}>
        <span id={id} className={classes.label}>
          <Label name={name} title={field.title} />
          {required && !isItem(path) ? <span className={classes.required} aria-hidden> *</span> : null}
        </span>
        {onClear ? (
          <Tooltip label={`Remove ${label}`} openDelay={300}>
            <ActionIcon variant="subtle" color="gray" size="sm" disabled={disabled} aria-label={`Remove ${label}`} onClick={onClear}>
              <IconX size={14} aria-hidden />
            </ActionIcon>
          </Tooltip>
        ) : null}
      </div>
      {field.description ? <Text size="xs" c="dimmed">{field.description}</Text> : null}
      {error ? <Text size="xs" c="var(--wb-failed)">{error}</Text> : null}
      <div className={classes.fields}>{children}</div>
    </div>
  )
}
