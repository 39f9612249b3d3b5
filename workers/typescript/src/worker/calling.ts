/** `ctx.call` in one attempt: which call it is, how long it is waited for, and what it ends with. */

import { type CallOptions, CallFailed, CallPending, type CallStatus } from '../calls.js'
import { seconds } from '../durations.js'
import type { Attempt } from './attempt.js'
import type { Invocation } from './contract.js'
import { type CallAnswer, type FlowCall, type FlowCalled, type FlowCalls, LONGEST_WAIT } from './flowCalls.js'
import type { Recording } from './recording.js'
import { ANYTHING } from './shapes.js'

/** What the calls of an attempt are made with. */
export interface CallingParts {
  readonly invocation: Invocation
  readonly attempt: Attempt
  readonly recording: Recording
  readonly calls: FlowCalls
}

/** The calls that the handler of one attempt makes. */
export class Calling {
  readonly #over = new AbortController()
  readonly #pending = new Set<Promise<unknown>>()
  #number = 0

  constructor(private readonly parts: CallingParts) {}

  /** What `src/calls.ts` promises to handlers. */
  call = (flow: string, input?: unknown, options: CallOptions = {}): Promise<unknown> => {
    this.parts.recording.checkOpen('call')
    // At once, not when somebody awaits it: the next attempt finds the calls by their numbers.
    const call = this.#made(flow, input, options)
    const answer = this.#answer(call, options.timeout === undefined ? Infinity : seconds(options.timeout))
    this.#pending.add(answer)
    const settled = (): boolean => this.#pending.delete(answer)
    answer.then(settled, settled)
    return answer
  }

  /** The attempt is over: nobody waits any more. */
  close(): void {
    // What was never awaited has nobody to tell that it is over.
    for (const answer of this.#pending) answer.catch(() => undefined)
    this.#over.abort()
  }

  #made(flow: string, input: unknown, { key, detached = false, clientContext }: CallOptions): FlowCall {
    const { delivery_id, idempotency_key, released, trigger, step } = this.parts.invocation
    const context = clientContext === undefined ? trigger.client_context : clientContext
    if (key === undefined) this.#number += 1
    return {
      flow,
      input: ANYTHING.dump(input ?? null, `What \`${step}\` calls \`${flow}\` with`),
      number: key === undefined ? this.#number : null,
      key: key ?? null,
      delivery_id,
      idempotency_key,
      released,
      depth: trigger.depth,
      detached,
      by: trigger.by,
      client_context: ANYTHING.dump(context, `The client context of \`${flow}\``),
      traceparent: trigger.traceparent,
    }
  }

  async #answer(call: FlowCall, timeout: number): Promise<unknown> {
    const { calls, attempt } = this.parts
    const deadline = performance.now() + timeout * 1000
    const signal = AbortSignal.any([attempt.cancellation.signal, this.#over.signal])
    let called: FlowCalled | null = null
    try {
      for (;;) {
        signal.throwIfAborted()
        const left = Math.max(0, deadline - performance.now())
        const waiting = { seconds: Math.min(LONGEST_WAIT, left / 1000), left, signal }
        called =
          called === null
            ? await calls.call(call, waiting)
            : await calls.fetch(called.flow, called.call_id, waiting)
        if (called.answer !== null) return dataOf(called, called.answer)
        if (performance.now() >= deadline) throw pending(call.flow, called, `within ${timeout} s`)
      }
    } catch (error) {
      if (!signal.aborted || error instanceof CallFailed) throw error
      const reason = attempt.cancellation.reason ?? 'attempt_over'
      throw pending(call.flow, called, 'when the handler was asked to stop', { reason })
    }
  }
}

function dataOf({ flow, call_id: callId }: FlowCalled, answer: CallAnswer): unknown {
  const { status, data = null, error, path = [] } = answer
  if (status === 'answered') return data
  const { code, message } = error ?? { code: status, message: `it is \`${status}\`` }
  throw new CallFailed(`the call of \`${flow}\` has no answer: ${message}`, {
    code,
    status: status as CallStatus,
    flow,
    callId,
    path,
  })
}

function pending(
  flow: string,
  called: FlowCalled | null,
  when: string,
  details: Readonly<Record<string, unknown>> = {},
): CallPending {
  return new CallPending(`the call of \`${called?.flow ?? flow}\` had no answer ${when}`, {
    flow: called?.flow ?? flow,
    callId: called?.call_id ?? null,
    hint: 'the call goes on, and the next attempt waits for it again',
    details,
  })
}
