import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { fetchApi } from '@/api/client'
import { useLive } from '@/api/live'
import { type Message, passedIn, withFresh, withOlder } from './model'

/** The messages of a topic: those that passed, page by page, and those that pass, unless paused. */
export function useMessages(topic: string, flow: string | null, paused: boolean) {
  const [fresh, setFresh] = useState<Message[]>([])
  const [waiting, setWaiting] = useState<Message[]>([])
  const pausing = useRef(paused)
  pausing.current = paused
  const past = useInfiniteQuery({
    queryKey: ['messages', topic, flow],
    queryFn: async ({ pageParam }) => {
      const query = { flow: flow ?? undefined, before: pageParam ?? undefined, limit: 50 }
      const { data } = await fetchApi.GET('/api/topics/{topic}/messages', { params: { path: { topic }, query } })
      return data ?? { items: [], next: null }
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
    // What comes is heard of; pages that are read again would only move.
    refetchOnWindowFocus: false,
  })
  useEffect(() => {
    setFresh([])
    setWaiting([])
  }, [topic, flow])
  useLive({ flow: flow ?? undefined, kinds: ['delivery.', 'run.started'] }, (entries) => {
    const passed = passedIn(entries, topic)
    if (passed.length === 0) return
    if (pausing.current) setWaiting((before) => withFresh(before, passed))
    else setFresh((before) => withFresh(before, passed))
  })
  useEffect(() => {
    if (paused || waiting.length === 0) return
    setFresh((before) => withFresh(before, waiting))
    setWaiting([])
  }, [paused, waiting])
  const older = past.data?.pages.flatMap((page) => page.items) ?? []
  return { ...past, messages: withOlder(fresh, older), waiting: waiting.length }
}
