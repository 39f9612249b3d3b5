import { useInViewport } from '@mantine/hooks'
import { IconAlertTriangle, IconChevronRight, IconClock, IconUser, IconUsers } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useRef } from 'react'
import { Link } from 'react-router'
import { fetchApi } from '@/api/client'
import { taskPath } from '@/app/paths'
import { useNow, When } from '@/components/When/When'
import { dueInWords, gistOf, type TaskSummary, whoFor } from '../model'
import classes from './TaskList.module.css'

/** Tasks as a list of cards: large enough to be touched; the arrow keys go through them. */
export function TaskList({ tasks }: { tasks: TaskSummary[] }) {
  const list = useRef<HTMLUListElement>(null)
  const now = useNow(30_000)

  function move(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key]
    if (step === undefined || !list.current) return
    const links = [...list.current.querySelectorAll('a')]
    const at = links.findIndex((link) => link === document.activeElement)
    links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus()
    event.preventDefault()
  }

  return (
    // The keys only move what Tab reaches as well.
    <ul ref={list} className={classes.list} onKeyDown={move} aria-label="Tasks">
      {tasks.map((task) => (
        <li key={task.id}>
          <Link to={taskPath(task.id)} className={classes.task} data-closed={task.status === 'closed' || undefined}>
            <span className={classes.main}>
              <span className={classes.name}>{task.name}</span>
              {task.status === 'open' && <Gist task={task.id} />}
              <span className={classes.facts}>
                <span>
                  {task.flow} <span className="mono">{task.run_id.slice(0, 8)}</span>
                </span>
                <Who task={task} />
                {task.votes > 0 && task.status === 'open' && (
                  <span>
                    {task.votes} {task.votes === 1 ? 'answer' : 'answers'} so far
                  </span>
                )}
              </span>
            </span>
            <span className={classes.times}>
              {task.status === 'open' && <Due task={task} now={now} />}
              <span className={classes.opened}>
                {task.status === 'closed' && task.closed_at ? (
                  <>
                    closed <When at={task.closed_at} />
                  </>
                ) : (
                  <>
                    asked <When at={task.opened_at} />
                  </>
                )}
              </span>
            </span>
            <IconChevronRight size={18} className={classes.arrow} aria-hidden />
          </Link>
        </li>
      ))}
    </ul>
  )
}

/** What the task is about; it is asked for once somebody sees the task, and stays as it is. */
function Gist({ task }: { task: string }) {
  const { ref, inViewport } = useInViewport<HTMLSpanElement>()
  const { data } = useQuery({
    queryKey: ['gist', task],
    queryFn: async () => {
      const { data: found } = await fetchApi.GET('/api/tasks/{task_id}', { params: { path: { task_id: task } } })
      return gistOf(found?.request)
    },
    enabled: inViewport,
    staleTime: Infinity,
    retry: false,
  })
  return (
    <span ref={ref} className={classes.gist}>
      {data}
    </span>
  )
}

function Who({ task }: { task: TaskSummary }) {
  const Icon = task.assignees.length === 1 && task.roles.length === 0 ? IconUser : IconUsers
  return (
    <span className={classes.who}>
      <Icon size={14} aria-hidden />
      {whoFor(task)}
    </span>
  )
}

/** How long there is left: a word and an icon, not colour alone. */
export function Due({ task, now }: { task: TaskSummary; now: number }) {
  const due = dueInWords(task.due_at, now)
  if (!due) return null
  const Icon = due.urgency === 'overdue' ? IconAlertTriangle : IconClock
  return (
    <span className={classes.due} data-urgency={due.urgency}>
      <Icon size={14} aria-hidden />
      {due.text}
    </span>
  )
}
