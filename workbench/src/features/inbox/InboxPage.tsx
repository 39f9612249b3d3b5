import { Button } from '@mantine/core'
import { IconInbox } from '@tabler/icons-react'
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { $api, fetchApi } from '@/api/client'
import { Page } from '@/components/Page/Page'
import { Empty, Query } from '@/components/States/States'
import { InboxFilters } from './InboxFilters/InboxFilters'
import { addressOf, askedFor, type Filters, filtersOf, type TaskSummary } from './model'
import { TaskList } from './TaskList/TaskList'

/** The tasks that wait for people. */
export function Component() {
  const [address, setAddress] = useSearchParams()
  const filters = filtersOf(address)
  const query = askedFor(filters)
  const tasks = $api.useQuery('get', '/api/tasks', { params: { query } }, { placeholderData: (before) => before })

  return (
    <Page title="Inbox" description="What runs ask of people. A run goes on as soon as its task is answered.">
      <InboxFilters filters={filters} onChange={(next) => setAddress(addressOf(next), { replace: true })} />
      <Query of={tasks} rows={5}>
        {(page) =>
          page.tasks.length === 0 ? (
            <Nothing filters={filters} />
          ) : (
            <Pages key={JSON.stringify(query)} first={page.tasks} cursor={page.next_cursor ?? null} query={query} />
          )
        }
      </Query>
    </Page>
  )
}

interface PagesProps {
  first: TaskSummary[]
  cursor: string | null
  query: ReturnType<typeof askedFor>
}

/** The first page, which stays fresh, and those that were asked for after it. */
function Pages({ first, cursor, query }: PagesProps) {
  const [more, setMore] = useState<TaskSummary[]>([])
  const [next, setNext] = useState<string | null | undefined>(undefined)
  const [busy, setBusy] = useState(false)
  const following = next === undefined ? cursor : next
  const shown = new Set(first.map((task) => task.id))

  async function load(from: string) {
    setBusy(true)
    try {
      const { data } = await fetchApi.GET('/api/tasks', { params: { query: { ...query, cursor: from } } })
      setMore([...more, ...(data?.tasks ?? [])])
      setNext(data?.next_cursor ?? null)
    } finally {
      setBusy(false)
    }
  }

  return (
    <>
      <TaskList tasks={[...first, ...more.filter((task) => !shown.has(task.id))]} />
      {following && (
        <Button variant="default" mt="md" loading={busy} onClick={() => void load(following)}>
          Show more
        </Button>
      )}
    </>
  )
}

function Nothing({ filters }: { filters: Filters }) {
  const icon = <IconInbox size={40} stroke={1.4} color="var(--wb-text-quiet)" aria-hidden />
  if (filters.flow || filters.role || filters.assignee || filters.text || filters.overdue) {
    return (
      <Empty title="No task is like that" icon={icon}>
        Take a filter away to see more.
      </Empty>
    )
  }
  if (filters.status === 'closed') return <Empty title="No task was closed yet" icon={icon} />
  return (
    <Empty title={filters.mine ? 'Nothing waits for you' : 'Nothing waits for anybody'} icon={icon}>
      A step without a handler that has a task asks people here, and its run waits for the answer.
    </Empty>
  )
}
