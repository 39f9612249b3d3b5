import { useCallback } from 'react'
import { useSearchParams } from 'react-router'

/** The page's query, and how to change parts of it; `null` and empty texts are left out. */
export function useUrl() {
  const [params, setParams] = useSearchParams()
  const change = useCallback(
    (changes: Record<string, string | null>, how: 'replace' | 'push' = 'replace') =>
      setParams(
        (now) => {
          const next = new URLSearchParams(now)
          for (const [name, value] of Object.entries(changes)) {
            if (value) next.set(name, value)
            else next.delete(name)
          }
          return next
        },
        { replace: how === 'replace', preventScrollReset: true },
      ),
    [setParams],
  )
  return { params, change }
}
