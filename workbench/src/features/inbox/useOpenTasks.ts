import { $api } from '@/api/client'
import { askAgain, useFresh } from '@/api/fresh'

const MOST = 99

/** Whatever may open, change or close a task. */
const TASK_KINDS = ['delivery.opened', 'delivery.settled', 'delivery.told', 'delivery.skipped', 'task.', 'run.'] as const

export const tasksAgain = () => askAgain('/api/tasks', '/api/tasks/{task_id}')

/**
 * How many open tasks whoever looks may answer, for the navigation: `3`, `99+`; nothing when none does.
 *
 * It is beside every page, and keeps the tasks of all of them fresh.
 */
export function useOpenTasks(): string | null {
  useFresh(TASK_KINDS, tasksAgain)
  const query = { status: 'open', limit: MOST + 1 } as const
  const { data } = $api.useQuery('get', '/api/tasks', { params: { query } }, { refetchInterval: 60_000, retry: false })
  const count = data?.tasks.length ?? 0
  if (count === 0) return null
  return count > MOST ? `${MOST}+` : String(count)
}
