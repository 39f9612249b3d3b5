/** Calls of flows, as they are made for the handlers of one run. */

/** The longest that one request waits for an answer, in seconds: below what proxies put up with. */
export const LONGEST_WAIT = 25

/** A call as a handler makes it. `number` or `key` says which one of its delivery: made again, it is the same. */
export interface FlowCall {
  readonly flow: string
  readonly input: unknown
  /** Counts the calls without a key in the attempt, from 1. */
  readonly number: number | null
  /** What the author of the step calls it. */
  readonly key: string | null
  readonly delivery_id: string
  readonly idempotency_key: string
  readonly released: number
  /** That of the calling run. */
  readonly depth: number
  /** Whether it goes on when the calling run ends before it. */
  readonly detached: boolean
  readonly by: string | null
  readonly client_context: unknown
  readonly traceparent: string | null
}

/** What the caller of a flow gets: `data` when it was `answered`, else `error`. */
export interface CallAnswer {
  readonly status: string
  readonly data?: unknown
  readonly error?: { readonly code: string; readonly message: string } | null
  /** The steps that the run came by, when it ended without an answer. */
  readonly path?: readonly string[]
}

/** A call, and its answer as far as there is one. */
export interface FlowCalled {
  /** The flow that was meant. */
  readonly flow: string
  readonly call_id: string
  readonly answer: CallAnswer | null
}

/** How long to wait for an answer. */
export interface Waiting {
  /** At most `LONGEST_WAIT`. */
  readonly seconds: number
  /** Milliseconds after which nobody waits any more. */
  readonly left: number
  /** Nobody waits any more when it aborts: what waits then rejects. */
  readonly signal: AbortSignal
}

/** Carries out the calls of one run's handlers. */
export interface FlowCalls {
  /** Start the call, unless it was before, and wait a while for its answer. */
  call(call: FlowCall, waiting: Waiting): Promise<FlowCalled>
  /** Wait a while for the answer of a call that was made. */
  fetch(flow: string, callId: string, waiting: Waiting): Promise<FlowCalled>
}
