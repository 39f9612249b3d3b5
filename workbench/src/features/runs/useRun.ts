import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { $api } from '@/api/client'
import { useLive, useLiveStatus } from '@/api/live'
import { patchRun, ToldEnds } from './patch'
import type { Run } from './words'

const SOON = 250
const LATEST = 1_500

/** A run, patched by what the journal tells at once, and fetched again when that comes to rest. */
export function useRun(flow: string, run: string) {
  const client = useQueryClient()
  const options = useMemo(
    () => $api.queryOptions('get', '/api/runs/{flow}/{run_id}', { params: { path: { flow, run_id: run }, query: { shorten: true } } }),
    [flow, run],
  )
  const [ends] = useState(() => new ToldEnds())
  const again = useRefetch(() => client.refetchQueries({ queryKey: options.queryKey, exact: true }))
  const query = useQuery({
    ...options,
    queryFn: async (context) => {
      const found = await options.queryFn(context)
      const known = patchRun(found, ends.lately())
      if (known.status !== found.status) again() // the end is not yet in what was found
      return known
    },
    // News come by the journal; this is for what it does not tell, such as heartbeats. Large runs take the server long.
    refetchInterval: ({ state: { data } }) =>
      data && ['running', 'scheduled'].includes(data.status) ? Math.max(5_000, data.deliveries.length * 10) : false,
  })

  useLive({ flow, runId: run }, (entries) => {
    const news = entries.filter((entry) => entry.kind !== 'log')
    if (news.length === 0) return
    ends.hear(news)
    client.setQueryData<Run>(options.queryKey, (old) => old && patchRun(old, news))
    again()
  })
  const live = useLiveStatus((state) => state.status === 'live')
  const was = useRef(live)
  useEffect(() => {
    // Back from a gap: the journal may have forgotten what happened in it.
    if (live && !was.current) again()
    was.current = live
  }, [live, again])
  return query
}

/** Fetches again a moment after the last call, yet not too long after the first; a slow answer makes it rarer. */
function useRefetch(refetch: () => Promise<unknown>) {
  const state = useRef<{ timer?: ReturnType<typeof setTimeout>; first: number; took: number; busy: boolean; more: boolean }>({
    first: 0, took: 0, busy: false, more: false,
  })
  const latest = useRef(refetch)
  latest.current = refetch
  useEffect(() => () => clearTimeout(state.current.timer), [])
  return useMemo(() => {
    const ask = async () => {
      const now = state.current
      const began = Date.now()
      Object.assign(now, { busy: true, first: 0 })
      await latest.current().catch(() => null)
      Object.assign(now, { busy: false, took: Date.now() - began })
      if (now.more) {
        now.more = false
        plan()
      }
    }
    const plan = () => {
      const now = state.current
      if (now.busy) {
        now.more = true
        return
      }
      now.first ||= Date.now()
      const patience = Math.max(SOON, now.took * 2)
      const wait = Math.max(0, Math.min(patience, now.first + Math.max(LATEST, patience) - Date.now()))
      clearTimeout(now.timer)
      now.timer = setTimeout(() => void ask(), wait)
    }
    return plan
  }, [])
}
