import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { $api, fetchApi } from '@/api/client'
import { useLive } from '@/api/live'
import { type Range, midnight, sinceOf } from './model'

/** Figures are told apart by what they are of: those of now are always asked for anew. */
const OVERVIEW = 'overview'

async function load(range: Range, flow: string | null) {
  const query = { since: sinceOf(range, Date.now()), ...(flow ? { flow } : {}) }
  const { data } = await fetchApi.GET('/api/overview', { params: { query } })
  if (!data) throw new Error('the server answered with nothing')
  return data
}

/** Figures over time, of all flows or of the steps of one; they follow the time. */
export function useOverview(range: Range, flow: string | null) {
  return useQuery({
    queryKey: [OVERVIEW, range, flow],
    queryFn: () => load(range, flow),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })
}

/** How the flows do, today and now. */
export function useHealthQuery() {
  return $api.useQuery('get', '/api/health', { params: { query: { since: midnight(Date.now()) } } })
}

export function useWorkers() {
  return $api.useQuery('get', '/api/workers', {}, { refetchInterval: 10_000 })
}

export function useVersions() {
  return $api.useQuery('get', '/api/versions', {}, { refetchInterval: 30_000 })
}

const QUIET_MS = 400
const AT_MOST_EVERY_MS = 2_000

/** Whether a query is about what runs come to. */
const FOLLOWING = new Set<unknown>([OVERVIEW, '/api/health', '/api/versions'])

/** Asks again for what runs come to, soon after something happened and not all the time. */
export function useFollowing(more: readonly string[] = []): void {
  const client = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const last = useRef(0)
  useEffect(() => () => clearTimeout(timer.current), [])
  useLive({ kinds: ['run.', 'delivery.held', 'delivery.released', 'delivery.skipped', 'delivery.opened', 'delivery.settled'] }, () => {
    if (timer.current !== undefined) return
    const pause = Math.max(QUIET_MS, last.current + AT_MOST_EVERY_MS - Date.now())
    timer.current = setTimeout(() => {
      timer.current = undefined
      last.current = Date.now()
      void client.invalidateQueries({
        predicate: ({ queryKey }) => queryKey.some((part) => FOLLOWING.has(part) || more.includes(String(part))),
      })
    }, pause)
  })
}
