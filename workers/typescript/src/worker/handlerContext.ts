/** The context of one attempt: what `src/context.ts` promises to handlers. */

import type * as api from '../context.js'
import { Terminal } from '../errors.js'
import type { State } from '../state.js'
import type { Attempt } from './attempt.js'
import type { Calling } from './calling.js'
import type { Invocation } from './contract.js'
import type { Recording } from './recording.js'

/** Takes level, message and fields of a line that a handler logs. */
export type Write = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: unknown) => void

/** What the context of an attempt is made of. */
export interface Parts {
  readonly invocation: Invocation
  readonly attempt: Attempt
  readonly recording: Recording
  readonly calling: Calling
  readonly flows: readonly string[]
  readonly state: State
  readonly streams: api.Streams
  readonly secrets: api.Secrets
  readonly write: Write
}

/** Functions are members, not methods: handlers take them out (`({ emit, logger }) => …`). */
export class HandlerContext implements api.Context {
  readonly #parts: Parts
  readonly state: State
  readonly streams: api.Streams
  readonly secrets: api.Secrets
  readonly logger: api.Logger
  readonly call: api.Context['call']

  constructor(parts: Parts) {
    const { write, recording } = parts
    this.#parts = parts
    this.state = parts.state
    this.streams = parts.streams
    this.secrets = parts.secrets
    this.call = parts.calling.call as api.Context['call']
    this.logger = {
      debug: (message, fields) => write('debug', message, fields),
      info: (message, fields) => write('info', message, fields),
      warn: (message, fields) => write('warn', message, fields),
      error: (message, fields) => write('error', message, fields),
      log: (message, fields) => write('info', message, fields),
    }
    this.respond = (data) => {
      recording.respond(data)
      return Promise.resolve()
    }
    this.heartbeat = (details = null) => {
      recording.heartbeat(details)
    }
  }

  readonly respond: api.Context['respond']
  readonly heartbeat: api.Context['heartbeat']

  // It throws rather than rejects: a refusal must not get lost where nobody awaits.
  readonly emit = ((message: unknown, data?: unknown): Promise<void> => {
    const { recording } = this.#parts
    if (typeof message === 'string') recording.emit(message, data)
    else recording.emit(topicOf(message), (message as { data?: unknown }).data)
    return Promise.resolve()
  }) as api.Emitter

  get cancelled(): boolean {
    return this.#parts.attempt.cancellation.reason !== null
  }

  get signal(): AbortSignal {
    return this.#parts.attempt.cancellation.signal
  }

  get runId(): string {
    return this.#parts.invocation.run_id
  }

  get traceId(): string {
    return this.#parts.invocation.run_id
  }

  get step(): string {
    return this.#parts.invocation.step
  }

  get flow(): string {
    return this.#parts.invocation.flow
  }

  get flows(): readonly string[] {
    const { flows, invocation } = this.#parts
    return flows.length > 0 ? flows : [invocation.flow]
  }

  get attempt(): number {
    return this.#parts.attempt.number
  }

  get deliveryId(): string {
    return this.#parts.invocation.delivery_id
  }

  get idempotencyKey(): string {
    return this.#parts.invocation.idempotency_key
  }

  get topic(): string | null {
    return this.#parts.invocation.topic
  }

  get trigger(): api.Trigger {
    const { kind, step, topic, parent, by, client_context, traceparent } =
      this.#parts.invocation.trigger
    return {
      kind,
      step,
      topic,
      parent: parent && {
        flow: parent.flow,
        runId: parent.run_id,
        deliveryId: parent.delivery_id,
      },
      by,
      clientContext: client_context,
      traceparent,
    }
  }

  get clientContext(): unknown {
    return this.#parts.invocation.trigger.client_context
  }
}

function topicOf(message: unknown): string {
  if (typeof message === 'object' && message !== null && 'topic' in message) {
    if (typeof message.topic === 'string') return message.topic
  }
  throw new Terminal('`ctx.emit` expected a topic or `{ topic, data }`, found something else', {
    hint: "write `await ctx.emit({ topic: 'order.placed', data: order })`",
  })
}
