/** `ctx.call`: flows, called over the worker API for the handlers of one run. */

import { InvalidMessage, StoreError, Terminal } from '../errors.js'
import type { FlowCall, FlowCalled, FlowCalls, Waiting } from './flowCalls.js'
import { PATIENCE_MS } from './remoteState.js'
import { traceparentOf } from './tracing.js'
import { misfitOf, type WorkerApi } from './workerClient.js'

/** Milliseconds beyond its wait after which a request counts as lost. */
const GRACE_MS = 10_000

/** Both requests may be repeated: done twice, they are done once. */
export class RemoteCalls implements FlowCalls {
  constructor(
    private readonly api: WorkerApi,
    private readonly token: () => string,
  ) {}

  call(call: FlowCall, waiting: Waiting): Promise<FlowCalled> {
    // Within the span of the attempt, where there is one.
    const traceparent = traceparentOf() ?? call.traceparent
    return this.#ask('call', { ...call, traceparent }, waiting)
  }

  fetch(flow: string, callId: string, waiting: Waiting): Promise<FlowCalled> {
    return this.#ask('fetch', { flow, call_id: callId }, waiting)
  }

  async #ask(operation: string, members: object, waiting: Waiting): Promise<FlowCalled> {
    const { seconds: wait, left, signal } = waiting
    const patience = Math.min(PATIENCE_MS, left)
    const timeout = Math.ceil(wait * 1000) + GRACE_MS
    const options = { token: this.token, patience, signal, timeout }
    try {
      const answer = await this.api.call(
        `/calls/${operation}`,
        JSON.stringify({ ...members, wait }),
        options,
      )
      return answer as unknown as FlowCalled
    } catch (error) {
      throw error instanceof StoreError && !error.retryable ? refused(error) : error
    }
  }
}

/** Made again, the call would be refused again. */
function refused(error: StoreError): Terminal | InvalidMessage {
  if (error.code === 'validation_failed') return misfitOf(error)
  const { code, hint, details, message } = error
  return new Terminal(message, { code, hint, details })
}
