import { useEffect, useRef } from 'react'
import { queryClient } from '@/api/client'
import { type Entry, useLive } from '@/api/live'
import type { paths } from '@/api/schema'

/** Asks again for what was asked for at these paths, where somebody looks at it. */
export async function askAgain(...wanted: (keyof paths)[]): Promise<void> {
  await Promise.all(wanted.map((path) => queryClient.invalidateQueries({ queryKey: ['get', path] })))
}

interface Fresh {
  /** In ms: what the journal tells at once, lists know a moment later. */
  pause?: number
  /** Whether an entry matters. */
  about?: (entry: Entry) => boolean
}

/** Does `again` a moment after entries of these kinds came, once for all that come meanwhile. */
export function useFresh(kinds: readonly string[], again: () => Promise<unknown>, { pause = 400, about = () => true }: Fresh = {}): void {
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(waiting.current), [])
  useLive({ kinds }, (entries) => {
    if (!entries.some(about)) return
    waiting.current ??= setTimeout(() => {
      waiting.current = undefined
      void again()
    }, pause)
  })
}
