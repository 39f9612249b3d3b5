import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { $api, fetchApi } from '@/api/client'
import type { Point } from '../FlowGraph/layout'

type Positions = Readonly<Record<string, Point>>

const SETTLE_MS = 400

interface SavedLayout {
  positions: Positions
  /** Whether it is known yet: before, nothing is drawn, so that nothing jumps. */
  ready: boolean
  /** Where moves are kept: with the project, or in this browser. */
  kept: 'project' | 'browser'
  /** Why the last move is not kept with the project. */
  error: unknown
  save: (positions: Positions) => void
}

/** Where people put the nodes of a flow: with the project while developing, else in this browser. */
export function useSavedLayout(flow: string): SavedLayout {
  const query = $api.useQuery('get', '/api/flows/{flow}/layout', { params: { path: { flow } } })
  const [moved, setMoved] = useState<Positions | null>(null)
  const [error, setError] = useState<unknown>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const writable = query.data?.writable ?? false

  useEffect(() => setMoved(null), [flow])

  const save = useCallback(
    (positions: Positions) => {
      setMoved(positions)
      clearTimeout(timer.current)
      if (!writable) {
        remember(flow, positions)
        return
      }
      // Dragging several nodes one after the other is one change of the file.
      timer.current = setTimeout(() => {
        const options = { params: { path: { flow } }, body: { positions: { ...positions } } }
        fetchApi.PUT('/api/flows/{flow}/layout', options).then(
          () => setError(null),
          (thrown: unknown) => {
            remember(flow, positions)
            setError(thrown)
          },
        )
      }, SETTLE_MS)
    },
    [flow, writable],
  )

  const positions = useMemo(
    () => moved ?? { ...query.data?.positions, ...(writable ? {} : remembered(flow)) },
    [moved, query.data, writable, flow],
  )
  return { positions, ready: !query.isPending, kept: writable ? 'project' : 'browser', error: error ?? query.error, save }
}

function remembered(flow: string): Positions {
  try {
    return JSON.parse(localStorage.getItem(key(flow)) ?? '{}') as Positions
  } catch {
    return {}
  }
}

function remember(flow: string, positions: Positions): void {
  try {
    if (Object.keys(positions).length > 0) localStorage.setItem(key(flow), JSON.stringify(positions))
    else localStorage.removeItem(key(flow))
  } catch {
    // A browser that keeps nothing: the positions last as long as the page.
  }
}

function key(flow: string): string {
  return `wistro.layout.${flow}`
}
