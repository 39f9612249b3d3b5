import { IconAlertCircle } from '@tabler/icons-react'
import { Link } from 'react-router'
import type { Api } from '@/api/client'
import { lengthOf } from '@/components/Waterfall'
import { When } from '@/components/When/When'
import { languageName, languagesOf } from '../model'
import classes from './TraceList.module.css'

const RUNS = 2

/** Traces, each with what it is about and how long it took beside the others. */
export function TraceList({ items }: { items: readonly Api['TraceItem'][] }) {
  const longest = Math.max(...items.map((item) => item.seconds), 0.001)
  return (
    <div className={classes.scroll}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Trace</th>
            <th scope="col">Began</th>
            <th scope="col" className={classes.wide}>
              Took
            </th>
            <th scope="col" className={classes.where}>
              Spans
            </th>
            <th scope="col">Errors</th>
            <th scope="col" className={classes.where}>
              Services
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <Row key={item.trace_id} item={item} longest={longest} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ item, longest }: { item: Api['TraceItem']; longest: number }) {
  return (
    <tr>
      <td className={classes.what}>
        <Link to={`/traces/${item.trace_id}`} className={classes.link}>
          {item.name}
        </Link>
        <span className={classes.runs}>{runsInWords(item.runs) || <span className="mono">{item.trace_id.slice(0, 8)}…</span>}</span>
      </td>
      <td>
        <When at={item.started_at} />
      </td>
      <td className={classes.took}>
        <span className={classes.bar} aria-hidden>
          <span data-failed={item.errors > 0 || undefined} style={{ width: `${(item.seconds / longest) * 100}%` }} />
        </span>
        <span className={classes.length}>{lengthOf(item.seconds * 1000)}</span>
      </td>
      <td className={`${classes.number} ${classes.where}`}>{item.spans.toLocaleString()}</td>
      <td>
        {item.errors > 0 ? (
          <span className={classes.errors}>
            <IconAlertCircle size={14} aria-hidden />
            {item.errors.toLocaleString()}
          </span>
        ) : (
          <span className="quiet">none</span>
        )}
      </td>
      <td className={classes.where}>
        <span className={classes.services}>
          {languagesOf(item.services).map(([name, languages]) => (
            <span key={name} className={classes.service}>
              {name || 'unnamed'}
              {languages.map((language) => <span key={language} className={classes.language}>{languageName(language)}</span>)}
            </span>
          ))}
        </span>
      </td>
    </tr>
  )
}

function runsInWords(runs: Api['TraceItem']['runs']): string {
  const shown = runs.slice(0, RUNS).map((run) => `${run.flow}/${run.run_id.slice(0, 8)}`)
  return runs.length > RUNS ? `${shown.join(', ')} and more` : shown.join(', ')
}
