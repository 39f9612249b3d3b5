import ELK, { type ElkNode } from 'elkjs/lib/elk-api'
import workerUrl from 'elkjs/lib/elk-worker.min.js?url'
import { useEffect, useMemo, useState } from 'react'
import { better, type Course, elkGraph, type LaidOut, laidOut, LARGE, type Size } from './layout'
import type { FlowModel } from './model'

/** Elk computes in a worker, one for the page, started with it: a large graph never holds the page up. */
const elk = new ELK({ workerFactory: () => new Worker(workerUrl) })

/** Layouts of flows that were opened before: going back shows them at once. */
const known = new Map<string, Promise<LaidOut>>()
const KEPT = 12

interface Question {
  course: Course
  graph: ElkNode
}

function layOut(question: string): Promise<LaidOut> {
  const before = known.get(question)
  if (before) return before
  const ways = JSON.parse(question) as Question[]
  const answer = Promise.all(ways.map(ask)).then(([first, second]) => {
    if (!first) throw new Error('nothing was laid out')
    return second ? better(first, second) : first
  })
  answer.catch(() => known.delete(question))
  known.set(question, answer)
  const oldest = known.keys().next().value
  if (known.size > KEPT && oldest !== undefined) known.delete(oldest)
  return answer
}

async function ask({ course, graph }: Question): Promise<LaidOut> {
  return laidOut(await elk.layout(graph), course)
}

function questions(model: FlowModel, sizes: Readonly<Record<string, Size>>): Question[] {
  const courses: Course[] = model.items.length > LARGE ? ['right'] : ['right', 'down']
  return courses.map((course) => ({ course, graph: elkGraph(model, sizes, course) }))
}

interface Layout {
  layout: LaidOut | null
  error: unknown
}

/** The layout of a flow; it is computed again only when what is drawn has changed, never by live data. */
export function useLayout(model: FlowModel, sizes: Readonly<Record<string, Size>>): Layout {
  const question = useMemo(() => JSON.stringify(questions(model, sizes)), [model, sizes])
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
