import { useCallback, useEffect, useRef, useState } from 'react'
import { fetchApi } from '@/api/client'
import { type Entry, useLive, useLiveStatus } from '@/api/live'
import { accepts, asRequest, begun, type Lines, type LogQuery, withFresh, withOlder } from './model'

const PAGE = 300
/** Enough to fill any screen; what is rare is looked for page after page until there are so many. */
const ENOUGH = 60
const MOST_PAGES = 20

async function pageBefore(query: LogQuery, before: number | null) {
  const { data } = await fetchApi.GET('/api/logs', {
    params: { query: { ...asRequest(query), before: before ?? undefined, limit: PAGE } },
  })
  return data ?? { entries: [], next: null }
}

/** The wanted entries: those there were, page by page, and those that come, unless paused. */
export function useLogs(query: LogQuery, paused: boolean) {
  const [lines, setLines] = useState<Lines | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [looking, setLooking] = useState(false)
  const [waiting, setWaiting] = useState<Entry[]>([])
  const [again, setAgain] = useState(0)
  const early = useRef<Entry[]>([])
  const loaded = useRef(false)
  const turn = useRef(0)
  const connected = useLiveStatus((state) => state.status === 'live')
  const everConnected = useRef(connected)
  if (connected) everConnected.current = true
  const ready = everConnected.current

  // Read before a change of `paused` has been drawn, too.
  const pausing = useRef(paused)
  pausing.current = paused

  useLive({ flow: query.flow || undefined, runId: query.run || undefined, step: query.step || undefined }, (entries) => {
    const fresh = entries.filter((entry) => accepts(query, entry))
    if (fresh.length === 0) return
    if (!loaded.current) early.current.push(...fresh)
    else if (pausing.current) setWaiting((before) => [...before, ...fresh])
    else setLines((before) => before && withFresh(before, fresh))
  })

  const key = JSON.stringify(query)
  const back = useCallback(async (mine: number, begin: Lines | null) => {
    const wanted = JSON.parse(key) as LogQuery
    setLooking(true)
    setError(null)
    try {
      let found = begin
      for (let pages = 0, more = 0; pages < MOST_PAGES && more < ENOUGH; pages++) {
        const page = await pageBefore(wanted, found?.before ?? null)
        if (turn.current !== mine) return
        found = found === null ? begun(page, early.current.splice(0)) : withOlder(found, page)
        loaded.current = true
        more += page.entries.length
        const older = page
        setLines((before) => (begin === null && pages === 0) || before === null ? found : withOlder(before, older))
        if (found.before === null) break
      }
    } catch (thrown) {
      if (turn.current === mine) setError(thrown)
    } finally {
      if (turn.current === mine) setLooking(false)
    }
  }, [key])

  useEffect(() => {
    const mine = ++turn.current
    loaded.current = false
    early.current = []
    setLines(null)
    setWaiting([])
    void back(mine, null)
  }, [back, ready, again])

  useEffect(() => {
    if (paused || waiting.length === 0) return
    setLines((before) => before && withFresh(before, waiting))
    setWaiting([])
  }, [paused, waiting])

  return {
    lines,
    error,
    looking,
    waiting: waiting.length,
    retry: () => setAgain((count) => count + 1),
    older: () => {
      if (lines !== null && lines.before !== null && !looking) void back(turn.current, lines)
    },
  }
}
