import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { $api, type Api, fetchApi } from '@/api/client'
import { useLive } from '@/api/live'
import { useSession } from '@/api/session'
import { askedFor, freshRuns, type RunFilters } from './filters'
import { patchLines, ToldEnds } from './patch'
import type { RunLine } from './words'

type Pages = InfiniteData<Api['RunPage'], string | null>

const PAGE = 50
/** The list of runs hears of a new one a moment after the journal does. */
const LISTED_AFTER = 400

/** Runs as the filters say, page by page; kept up to date by what happens. */
export function useRuns(filters: RunFilters) {
  const client = useQueryClient()
  const key = JSON.stringify(filters)
  const queryKey = useMemo(() => ['runs', 'list', key], [key])
  const [ends] = useState(() => new ToldEnds())
  const query = useInfiniteQuery({
    queryKey,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const asked = askedFor(JSON.parse(key) as RunFilters, Date.now())
      const { data } = await fetchApi.GET('/api/runs', {
        params: { query: { ...asked, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
        signal,
      })
      return data ? { ...data, runs: patchLines(data.runs, ends.lately()) } : { runs: [], partial: false }
    },
    getNextPageParam: (page) => page.next_cursor ?? null,
    placeholderData: (before) => before,
  })
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set())
  const lines = useMemo(() => unique(query.data?.pages.flatMap((page) => page.runs) ?? []), [query.data])

  useEffect(() => setFresh(new Set()), [key])
  useLive({ kinds: ['run.', 'delivery.held', 'delivery.opened', 'delivery.released', 'delivery.skipped', 'delivery.settled'] }, (entries) => {
    ends.hear(entries)
    client.setQueryData<Pages>(queryKey, (data) => {
      if (!data) return data
      const pages = data.pages.map((page) => {
        const runs = patchLines(page.runs, entries)
        return runs === page.runs ? page : { ...page, runs }
      })
      return pages.every((page, index) => page === data.pages[index]) ? data : { ...data, pages }
    })
    const found = freshRuns(entries, lines, filters)
    if (found.length > 0) setFresh((before) => new Set([...before, ...found]))
  })

  /** Shows what is new: the first page again, without those that were loaded behind it. */
  const showFresh = useCallback(async () => {
    setFresh(new Set())
    client.setQueryData<Pages>(queryKey, (data) => data && { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) })
    await client.invalidateQueries({ queryKey })
  }, [client, queryKey])

  return { query, lines, fresh: fresh.size, showFresh }
}

/** A run that goes from running to ended between two pages is on both. */
function unique(lines: RunLine[]): RunLine[] {
  const seen = new Set<string>()
  return lines.filter((line) => !seen.has(line.run_id) && seen.add(line.run_id))
}

/** Shows new runs by itself while the reader is at the top; further down they are told how many there are. */
export function useFreshAtTop(fresh: number, showFresh: () => Promise<void>): void {
  const show = useRef(showFresh)
  show.current = showFresh
  useEffect(() => {
    if (fresh === 0) return
    const timer = setTimeout(() => {
      if (window.scrollY < 40) void show.current()
    }, LISTED_AFTER)
    return () => clearTimeout(timer)
  }, [fresh])
}

const MOST_WAITS = 50

/** What the running runs among these wait for, in a sentence each, by run id; for those who may read. */
export function useWaits(lines: readonly RunLine[]): ReadonlyMap<string, string> {
  const { can } = useSession()
  const run = lines.filter((line) => line.status === 'running').slice(0, MOST_WAITS).map((line) => `${line.flow}/${line.run_id}`)
  const { data } = $api.useQuery(
    'get',
    '/api/runs/waiting',
    { params: { query: { run } } },
    { enabled: run.length > 0 && can('read'), staleTime: 4_000, refetchInterval: 10_000, placeholderData: (before) => before, retry: false },
  )
  return useMemo(() => new Map((data?.runs ?? []).map((each) => [each.run_id, each.why_waiting ?? ''])), [data])
}
