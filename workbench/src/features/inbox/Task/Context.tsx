import { Anchor } from '@mantine/core'
import { Link } from 'react-router'
import { $api } from '@/api/client'
import { runPath } from '@/app/paths'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { When } from '@/components/When/When'
import { type TaskDetail, wayTo } from '../model'
import classes from './Task.module.css'

/** The run that asks: what it is, and what it has done before. */
export function Context({ task }: { task: TaskDetail }) {
  const path = { flow: task.flow, run_id: task.run_id }
  // Whoever answers a task need not be allowed to see its run: then there is only its name.
  const run = $api.useQuery('get', '/api/runs/{flow}/{run_id}', { params: { path } }, { retry: false })
  const flows = $api.useQuery('get', '/api/flows', undefined, { retry: false })
  const flow = flows.data?.find((each) => each.id === task.flow)
  const way = wayTo(run.data?.deliveries ?? [], task.delivery_id)
  return (
    <section className={classes.part} aria-labelledby="context">
      <h2 id="context">Where it comes from</h2>
      <p className={classes.plain}>
        The flow <strong>{flow?.name ?? task.flow}</strong> asked this <When at={task.opened_at} />.
        {flow?.description && <span className={classes.aside}>{flow.description}</span>}
      </p>
      {way.length > 0 && (
        <ol className={classes.way}>
          {way.map((each) => (
            <li key={each.name}>
              <StatusBadge status={each.status} bare />
              <span>
                {each.name}
                {each.count > 1 && <span className="quiet"> × {each.count}</span>}
              </span>
            </li>
          ))}
        </ol>
      )}
      {run.data && (
        <Anchor component={Link} to={runPath(task.flow, task.run_id)} size="sm">
          Look at the run
        </Anchor>
      )}
    </section>
  )
}
