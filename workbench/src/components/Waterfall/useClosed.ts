import { useCallback, useState } from 'react'

/** The rows whose parts are not shown. */
export function useClosed() {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const toggle = useCallback((id: string) => {
    setClosed((before) => {
      const after = new Set(before)
      if (!after.delete(id)) after.add(id)
      return after
    })
  }, [])
  return { closed, setClosed, toggle }
}
