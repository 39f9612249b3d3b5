import { useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { $api } from '@/api/client'
import { useLive } from '@/api/live'

const MOST = 99

/** Whatever may open or close a task. */
const TASK_KINDS = ['delivery.opened', 'delivery.settled', 'delivery.told', 'delivery.skipped', 'run.'] as const

/** Asks for tasks again a moment after something happened that may have opened or closed one. */
export function useFreshTasks(): void {
  const queries = useQueryClient()
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined)
  useLive({ kinds: TASK_KINDS }, () => {
    waiting.current ??= setTimeout(() => {
      waiting.current = undefined
      void queries.invalidateQueries({ queryKey: ['get', '/api/tasks'] })
    }, 400)
  })
}

/** How many open tasks whoever looks may answer, for the navigation: `3`, `99+`; nothing when none does. */
export function useOpenTasks(): string | null {
  useFreshTasks()
  const query = { status: 'open', limit: MOST + 1 } as const
  const { data } = $api.useQuery('get', '/api/tasks', { params: { query } }, { refetchInterval: 60_000, retry: false })
  const count = data?.tasks.length ?? 0
  if (count === 0) return null
  return count > MOST ? `${MOST}+` : String(count)
}
