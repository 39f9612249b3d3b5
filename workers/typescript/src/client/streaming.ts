/** The answers to one call, as they come. */
import type { Answer } from './answers.js'
import { Unanswered } from './errors.js'
import { follow } from './following.js'
import type { Asked, Http, Json } from './http.js'

/** Who was called: what the first event says. */
interface Begun {
  readonly flow: string
  readonly call_id: string
}

/** How a call with several answers ended. */
interface End extends Begun {
  readonly status: string
  readonly error?: { readonly code: string; readonly message: string }
}

/**
 * Make a call, and give each of its answers.
 *
 * @throws Unanswered It ended otherwise than by having answered.
 */
export async function* followCall<Output>(http: Http, call: Asked): AsyncGenerator<Answer<Output>> {
  let path: string | null = null
  const { signal, flow } = call
  const ask = () => (path === null ? call : { path, signal, repeatable: true, ...(flow ? { flow } : {}) })
  for await (const { event, data } of follow(http, ask)) {
    const told = JSON.parse(data) as Json & End
    path = pathOf(told)
    if (event === 'answer') yield answerOf<Output>(told)
    if (event === 'end') return ended(told)
  }
}

/** Where the answers of a call are asked for. */
export function pathOf({ flow, call_id: id }: Begun): string {
  return `/call/${encodeURIComponent(flow)}/${encodeURIComponent(id)}`
}

function answerOf<Output>(told: Json & Begun): Answer<Output> {
  const { flow, call_id: callId, number, data = null } = told
  return { flow, callId, number: Number(number), data: data as Output }
}

function ended({ flow, call_id: callId, status, error }: End): void {
  if (error === undefined) return
  const { code, message } = error
  throw new Unanswered(`the call of \`${flow}\` ended: ${message}`, { status: 200, code: code || status, flow, callId })
}
