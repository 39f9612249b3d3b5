import { UnstyledButton } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import classes from './JsonView.module.css'

const MANY = 100
const LONG = 400

interface JsonViewProps {
  value: unknown
  /** What it is, for people who cannot see it: `Input`. */
  label: string
  /** How many levels are open at first. */
  open?: number
}

/** Any JSON value as a tree that opens level by level. */
export function JsonView({ value, label, open = 2 }: JsonViewProps) {
  return (
    <div className={classes.view} role="group" aria-label={label}>
      <span className={classes.copy}>
        <CopyButton text={JSON.stringify(value, null, 2) ?? 'null'} label={`Copy ${label.toLowerCase()} as JSON`} />
      </span>
      <Node value={value} depth={open} />
    </div>
  )
}

function Node({ name, value, depth }: { name?: string; value: unknown; depth: number }) {
  const inner = entriesOf(value)
  if (inner === null || inner.length === 0) {
    return (
      <div className={classes.line}>
        {name !== undefined && <span className={classes.name}>{name}: </span>}
        <Scalar value={value} />
      </div>
    )
  }
  return <Branch {...(name === undefined ? {} : { name })} value={value} inner={inner} depth={depth} />
}

function Branch({ name, value, inner, depth }: { name?: string; value: unknown; inner: [string, unknown][]; depth: number }) {
  const [opened, setOpened] = useState(depth > 0 && inner.length <= MANY)
  const [shown, setShown] = useState(MANY)
  const brackets = Array.isArray(value) ? '[ ]' : '{ }'
  return (
    <div>
      <UnstyledButton className={classes.line} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <IconChevronRight size={12} className={classes.chevron} data-opened={opened || undefined} aria-hidden />
        {name !== undefined && <span className={classes.name}>{name}: </span>}
        <span className={classes.hint}>
          {brackets} {inner.length} {inner.length === 1 ? 'entry' : 'entries'}
        </span>
      </UnstyledButton>
      {opened && (
        <div className={classes.inner}>
          {inner.slice(0, shown).map(([key, each]) => (
            <Node key={key} name={key} value={each} depth={depth - 1} />
          ))}
          {inner.length > shown && (
            <UnstyledButton className={classes.more} onClick={() => setShown(shown + MANY)}>
              Show {Math.min(MANY, inner.length - shown)} more of {inner.length}
            </UnstyledButton>
          )}
        </div>
      )}
    </div>
  )
}

function Scalar({ value }: { value: unknown }) {
  const [whole, setWhole] = useState(false)
  if (typeof value === 'string') {
    const cut = value.length > LONG && !whole
    return (
      <span className={classes.string}>
        "{cut ? value.slice(0, LONG) : value}"
        {cut && (
          <UnstyledButton className={classes.more} onClick={() => setWhole(true)}>
            … all {value.length.toLocaleString()} characters
          </UnstyledButton>
        )}
      </span>
    )
  }
  if (Array.isArray(value)) return <span className={classes.hint}>[ ] empty</span>
  if (typeof value === 'object' && value !== null) return <span className={classes.hint}>{'{ }'} empty</span>
  return <span className={classes.scalar}>{String(value)}</span>
}

function entriesOf(value: unknown): [string, unknown][] | null {
  return typeof value === 'object' && value !== null ? Object.entries(value) : null
}
