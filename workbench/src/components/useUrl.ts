import { useCallback } from 'react'
import { useSearchParams } from 'react-router'

/** What parts of a query become; `null` and empty texts are left out. */
export type Changes = Record<string, string | readonly string[] | null>

/** The page's query, and how to change parts of it. */
export function useUrl() {
  const [params, setParams] = useSearchParams()
  const change = useCallback(
    (changes: Changes, how: 'replace' | 'push' = 'replace') =>
      setParams(changed(changes), { replace: how === 'replace', preventScrollReset: true }),
    [setParams],
  )
  return { params, change }
}

/** The query as it is by now, with changes: what was drawn last need not know of the change just before. */
function changed(changes: Changes): URLSearchParams {
  const next = new URLSearchParams(window.location.search)
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name)
    for (const each of [value].flat()) if (each) next.append(name, each)
  }
  return next
}
