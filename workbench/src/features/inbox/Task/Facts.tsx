import { JsonView } from '@/components/JsonView/JsonView'
import { labelOf, valueInWords } from '../model'
import classes from './Task.module.css'

const DEEPEST = 3

/** A message as people read it: names and values, what has parts below its name. */
export function Facts({ value, label, depth = 0 }: { value: unknown; label: string; depth?: number }) {
  const simple = valueInWords(value)
  if (simple !== null) return <p className={classes.plain}>{simple}</p>
  if (depth >= DEEPEST) return <JsonView value={value} label={label} open={1} />
  if (Array.isArray(value)) {
    return (
      <ol className={classes.items}>
        {value.slice(0, 100).map((each: unknown, index) => (
          // The place of an item is all that tells it from others.
          <li key={index}>
            <Facts value={each} label={`${label}, ${index + 1}`} depth={depth + 1} />
          </li>
        ))}
        {value.length > 100 && <li className="quiet">and {value.length - 100} more</li>}
      </ol>
    )
  }
  const entries = Object.entries(value as Record<string, unknown>)
  if (entries.length === 0) return <p className={classes.plain}>—</p>
  return (
    <dl className={classes.facts}>
      {entries.map(([name, each]) => (
        <div key={name} data-deep={valueInWords(each) === null || undefined}>
          <dt>{labelOf(name)}</dt>
          <dd>
            <Facts value={each} label={labelOf(name)} depth={depth + 1} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
