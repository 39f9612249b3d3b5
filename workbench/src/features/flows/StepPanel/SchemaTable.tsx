import { UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { JsonView } from '@/components/JsonView/JsonView'
import { type Schema, type SchemaRow, schemaRows } from '../schemaRows'
import classes from './SchemaTable.module.css'

/** What data has to look like, as a table that needs no JSON Schema to be read; that is one click away. */
export function SchemaTable({ schema, label }: { schema: Schema; label: string }) {
  const [raw, setRaw] = useState(false)
  return (
    <div>
      {raw ? <JsonView value={schema} label={`Schema of ${label}`} /> : <Rows rows={schemaRows(schema)} label={label} />}
      <UnstyledButton className={classes.toggle} onClick={() => setRaw(!raw)}>
        {raw ? 'Show as a table' : 'Show the JSON Schema'}
      </UnstyledButton>
    </div>
  )
}

function Rows({ rows, label }: { rows: readonly SchemaRow[]; label: string }) {
  return (
    <table className={classes.table} aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">What it is</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.path}>
            <th scope="row" style={{ paddingInlineStart: 8 + row.depth * 14 }} title={row.path}>
              {row.depth > 0 && <span aria-hidden className={classes.branch}>└ </span>}
              <span className={classes.name}>{row.name || 'the value'}</span>
              {row.required && row.name && <span className={classes.required}>required</span>}
            </th>
            <td>
              <span className={classes.type}>{row.type}</span>
              {row.rules.length > 0 && <span className={classes.rules}> {row.rules.join(' · ')}</span>}
              {row.description && <div className={classes.description}>{row.description}</div>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
