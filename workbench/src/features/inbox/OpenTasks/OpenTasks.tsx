import { useOpenTasks } from '../useOpenTasks'
import classes from './OpenTasks.module.css'

/** How many tasks wait for whoever looks: a mark in the navigation. */
export function OpenTasks() {
  const count = useOpenTasks()
  if (count === null) return null
  return (
    <span className={classes.count}>
      {count}
      <span className="visually-hidden"> {count === '1' ? 'open task' : 'open tasks'}</span>
    </span>
  )
}
