import type { Call } from './calls.js'
import type { State } from './state.js'
import type { Stream } from './streams.js'
import type { Emission } from './topics.js'

/** The streams of the project by their names, filled in by `wistro types`. */
export interface FlowContextStateStreams {}

/** `ctx.emit`: sends messages on the topics that the step declares, once the handler has succeeded. */
export interface Emitter<E extends Emission = Emission> {
  /**
   * `await ctx.emit('order.placed', order)`. The message is copied at once: changing `data` later
   * does not change it. Throws `Terminal` when the step does not declare the topic, or the message
   * does not fit its schema.
   */
  <T extends E['topic']>(topic: T, ...data: DataOf<E, T>): Promise<void>
  /** `await ctx.emit({ topic: 'order.placed', data: order })`. */
  (message: E & { readonly messageGroupId?: string }): Promise<void>
}

/** The argument that a message takes: none is needed where nothing is known of it. */
type DataOf<E extends Emission, T> = E extends Emission
  ? T extends E['topic']
    ? unknown extends E['data']
      ? [data?: E['data']]
      : [data: E['data']]
    : never
  : never

/** Writes to the run's log: `ctx.logger.info('Charged', { order: 7 })`. */
export interface Logger {
  /** For the author of the step. */
  debug(message: string, fields?: unknown): void
  /** For whoever follows the run. */
  info(message: string, fields?: unknown): void
  /** Something is odd, and the step goes on. */
  warn(message: string, fields?: unknown): void
  /** Something went wrong. */
  error(message: string, fields?: unknown): void
  /** The same as `info`. */
  log(message: string, fields?: unknown): void
}

/** Where passwords and keys come from. */
export interface Secrets {
  /** The value; masked in logs and errors from now on. Throws `Terminal` when there is none. */
  get(name: string): string
}

/** Names a run, and a delivery in it. */
export interface RunRef {
  readonly flow: string
  readonly runId: string
  readonly deliveryId: string | null
}

/** What started a run. */
export interface Trigger {
  readonly kind: 'api' | 'event' | 'cron' | 'call' | 'flow' | 'operator' | 'fork'
  /** The api, cron or call step that was triggered. */
  readonly step: string | null
  /** The topic of the starting message, when a message started the run. */
  readonly topic: string | null
  /** The run that this one is linked to. */
  readonly parent: RunRef | null
  /** Who asked for it. */
  readonly by: string | null
  readonly clientContext: unknown
  /** W3C trace context of the caller. */
  readonly traceparent: string | null
}

/** Why a handler is asked to stop. */
export type CancelReason = 'cancelled' | 'timeout' | 'worker_stopping' | 'superseded'

/** What a handler sees: what it may do, who it is and why it runs. */
export interface Context<E extends Emission = Emission> {
  // ------------------------------------------------------------------ what it may do

  /** A message on a topic that the step declares. */
  readonly emit: Emitter<E>
  /** The answer of a callable flow, once per run. */
  respond(data: unknown): Promise<void>
  /**
   * Run a flow, and await its answer: `const quote = await ctx.call('quotes', { weight: 3 })`. Throws
   * `CallFailed` when there is none.
   */
  readonly call: Call
  /** Durable values by group and key, shared by the flows of the project. */
  readonly state: State
  /** Live collections by name. */
  readonly streams: Streams
  /** `secrets.get(name)`: passwords and keys, masked in logs. */
  readonly secrets: Secrets
  /** The run's log. */
  readonly logger: Logger
  /** Reports progress, such as `{ done: 3, of: 10 }`; workers show signs of life by themselves. */
  heartbeat(details?: unknown): void
  /** Whether the handler was asked to stop. */
  readonly cancelled: boolean
  /** Aborts when the handler is asked to stop: `fetch(url, { signal: ctx.signal })`. */
  readonly signal: AbortSignal

  // ------------------------------------------------------------------ who it is

  /** The id of the run: 32 hex digits. */
  readonly runId: string
  /** The id of the run, which is also the id of its trace. */
  readonly traceId: string
  /** The id of the step. */
  readonly step: string
  /** The id of the flow that runs. */
  readonly flow: string
  /** The flows that the step belongs to. */
  readonly flows: readonly string[]
  /** Counts the attempts of this delivery, from 1. */
  readonly attempt: number
  /** The id of this delivery, the same in each attempt. */
  readonly deliveryId: string
  /** The same in each attempt, and in no other delivery: give it to services that you call. */
  readonly idempotencyKey: string

  // ------------------------------------------------------------------ why it runs

  /** The topic of the message, when a message set the step off. */
  readonly topic: string | null
  /** What started the run. */
  readonly trigger: Trigger
  /** What the caller said about itself. */
  readonly clientContext: unknown
}

/** The declared streams; any name before `wistro types` has run. */
export type Streams = keyof FlowContextStateStreams extends never
  ? Readonly<Record<string, Stream>>
  : FlowContextStateStreams
