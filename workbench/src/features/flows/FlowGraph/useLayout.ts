import ELK, { type ELK as Elk } from 'elkjs/lib/elk-api'
import workerUrl from 'elkjs/lib/elk-worker.min.js?url'
import { useEffect, useMemo, useState } from 'react'
import { elkGraph, type LaidOut, laidOut, type Size } from './layout'
import type { FlowModel } from './model'

/** Elk computes in a worker, one for the page: a large graph never holds the page up. */
let elk: Elk | undefined

/** Layouts of flows that were opened before: going back shows them at once. */
const known = new Map<string, Promise<LaidOut>>()
const KEPT = 12

function layOut(question: string): Promise<LaidOut> {
  const before = known.get(question)
  if (before) return before
  elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) })
  const answer = elk.layout(JSON.parse(question) as ReturnType<typeof elkGraph>).then(laidOut)
  answer.catch(() => known.delete(question))
  known.set(question, answer)
  const oldest = known.keys().next().value
  if (known.size > KEPT && oldest !== undefined) known.delete(oldest)
  return answer
}

interface Layout {
  layout: LaidOut | null
  error: unknown
}

/** The layout of a flow; it is computed again only when what is drawn has changed, never by live data. */
export function useLayout(model: FlowModel, sizes: Readonly<Record<string, Size>>): Layout {
  const question = useMemo(() => JSON.stringify(elkGraph(model, sizes)), [model, sizes])
  const [state, setState] = useState<Layout>({ layout: null, error: null })
  useEffect(() => {
    let wanted = true
    layOut(question).then(
      (layout) => wanted && setState({ layout, error: null }),
      (error: unknown) => wanted && setState({ layout: null, error }),
    )
    return () => {
      wanted = false
    }
  }, [question])
  return state
}
