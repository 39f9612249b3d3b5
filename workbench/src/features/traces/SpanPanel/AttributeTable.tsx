import { UnstyledButton } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import { JsonView } from '@/components/JsonView/JsonView'
import classes from './SpanPanel.module.css'

interface AttributeTableProps {
  title: string
  attributes: Record<string, unknown>
  /** Whether it is closed at first. */
  closed?: boolean
}

/** What a span or a process says about itself, name by name. */
export function AttributeTable({ title, attributes, closed = false }: AttributeTableProps) {
  const [opened, setOpened] = useState(!closed)
  const names = Object.keys(attributes).sort()
  if (names.length === 0) return null
  return (
    <div>
      <UnstyledButton className={classes.section} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <IconChevronRight size={14} className={classes.chevron} data-opened={opened || undefined} aria-hidden />
        {title}
        <span className={classes.count}>{names.length}</span>
      </UnstyledButton>
      {opened && (
        <table className={classes.table}>
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <Value name={name} value={attributes[name]} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

function Value({ name, value }: { name: string; value: unknown }) {
  if (typeof value === 'object' && value !== null) return <JsonView value={value} label={name} open={1} />
  return <span className={classes.value}>{String(value)}</span>
}
