import { Button } from '@mantine/core'
import { IconUserShare } from '@tabler/icons-react'
import { useState } from 'react'
import { useParams } from 'react-router'
import { $api } from '@/api/client'
import { useSession } from '@/api/session'
import { Page } from '@/components/Page/Page'
import { Query } from '@/components/States/States'
import { useNow } from '@/components/When/When'
import { type TaskDetail, whoFor } from './model'
import { AnswerForm } from './Task/AnswerForm'
import { Context } from './Task/Context'
import { Decision } from './Task/Decision'
import { Facts } from './Task/Facts'
import { Reassign } from './Task/Reassign'
import { Remarks } from './Task/Remarks'
import classes from './Task/Task.module.css'
import { Due } from './TaskList/TaskList'
import { tasksAgain } from './useOpenTasks'

/** A task: what is asked, who has said what, and the form for the answer. */
export function Component() {
  const { task: id = '' } = useParams()
  const found = $api.useQuery('get', '/api/tasks/{task_id}', { params: { path: { task_id: id } } }, {
    // The journal tells what others say and answer; an entry of it may be missing.
    refetchInterval: ({ state }) => (state.data?.status === 'open' ? 60_000 : false),
  })
  const crumbs = [{ label: 'Inbox', to: '/inbox' }]
  if (!found.data) {
    return (
      <Page title="Task" crumbs={crumbs}>
        <Query of={found}>{() => null}</Query>
      </Page>
    )
  }
  return <Shown key={id} task={found.data} crumbs={crumbs} />
}

function Shown({ task, crumbs }: { task: TaskDetail; crumbs: { label: string; to: string }[] }) {
  const { name } = useSession()
  const now = useNow(30_000)
  const [reassigning, setReassigning] = useState(false)
  const open = task.status === 'open'
  const answered = task.answers.some((vote) => vote.by === name)

  return (
    <Page
      title={task.name}
      crumbs={crumbs}
      description={task.description}
      beside={open ? <Due task={task} now={now} /> : <span className={classes.closed}>Closed</span>}
      actions={
        open && (
          <Button variant="default" leftSection={<IconUserShare size={16} aria-hidden />} onClick={() => setReassigning(true)}>
            Reassign
          </Button>
        )
      }
    >
      <div className={classes.columns}>
        <div className={classes.column}>
          <section className={classes.part} aria-labelledby="request">
            <h2 id="request">What it is about</h2>
            <Facts value={task.request} label="What it is about" />
          </section>
          <Decision task={task} />
          {open && !answered && <AnswerForm task={task} by={name} onSent={tasksAgain} />}
          {open && answered && (
            <section className={classes.part} aria-label="Your answer">
              <p className={classes.plain}>You have answered. The run goes on once enough others have.</p>
            </section>
          )}
        </div>
        <div className={classes.column}>
          <section className={classes.part} aria-labelledby="who">
            <h2 id="who">{open ? 'Who may answer' : 'Who could answer'}</h2>
            <p className={classes.plain}>{whoFor(task)}</p>
          </section>
          <Remarks task={task} by={name} onChanged={tasksAgain} />
          <Context task={task} />
        </div>
      </div>
      <Reassign task={task} by={name} opened={reassigning} onClose={() => setReassigning(false)} onDone={tasksAgain} />
    </Page>
  )
}
