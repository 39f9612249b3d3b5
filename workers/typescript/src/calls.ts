/** Calls of flows: what `ctx.call` takes, gives back and throws. */
import type { Duration } from './durations.js'
import { type ErrorOptions, Retryable, Terminal } from './errors.js'

/**
 * The flows of the project that can be called, by their ids. `wistro types` fills it in by declaration
 * merging, so that a wrong name or input does not compile.
 */
export interface Flows {}

/** The name of a flow that can be called: any text, before `wistro types` has run. */
export type FlowName = keyof Flows extends never ? string : keyof Flows

/** How a flow is called. */
export interface CallOptions {
  /** How long this attempt waits for the answer; without one, as long as it may take. */
  readonly timeout?: Duration
  /**
   * Which call of the handler this is. Without one, calls are counted: a handler that is attempted again
   * must make the same calls in the same order, or name them.
   */
  readonly key?: string
  /** Let the call go on when the run that made it ends. */
  readonly detached?: boolean
  /** What the handlers of the flow see of the caller; without one, what this run was told. */
  readonly clientContext?: unknown
}

/** A flow, as `wistro types` describes it. */
interface FlowTypes {
  readonly input: unknown
  readonly output: unknown
}

type InputOfFlow<F> = F extends FlowTypes ? F['input'] : unknown
type OutputOfFlow<F> = F extends FlowTypes ? F['output'] : unknown

/**
 * `const quote = await ctx.call('quotes', { weight: 3 })`: run a flow, and await its answer. An attempt
 * that follows a crash finds the call that was made, and does not make another one.
 *
 * @throws CallFailed The flow failed, was cancelled, took too long, or ended without an answer.
 * @throws CallPending There was no answer within `timeout`: the next attempt waits for it again.
 */
export type Call = keyof Flows extends never ? CallByName : CallByType

/** Any flow, before `wistro types` has run: `ctx.call<Quote>('quotes', parcel)`. */
export type CallByName = <Output = unknown>(
  flow: string,
  input?: unknown,
  options?: CallOptions,
) => Promise<Output>

/** The flows of the project, as `wistro types` describes them. */
export type CallByType = <F extends keyof Flows>(
  flow: F,
  ...given: unknown extends InputOfFlow<Flows[F]>
    ? [input?: unknown, options?: CallOptions]
    : [input: InputOfFlow<Flows[F]>, options?: CallOptions]
) => Promise<OutputOfFlow<Flows[F]>>

/** How a call without an answer ended. */
export type CallStatus = 'response_not_reached' | 'flow_failed' | 'timeout' | 'cancelled'

/**
 * A flow that was called gave no answer. The same call would end the same, so the delivery fails; a
 * handler that knows what to do instead catches it. Its code is that of the flow's own error.
 */
export class CallFailed extends Terminal {
  protected static override readonly kind: string = 'CallFailed'

  readonly status: CallStatus
  /** The flow that was called. */
  readonly flow: string
  /** The id of the call, which is that of its run. */
  readonly callId: string
  /** The steps that its run came by, when it ended without an answer. */
  readonly path: readonly string[]

  constructor(
    message: string,
    options: ErrorOptions & {
      readonly status: CallStatus
      readonly flow: string
      readonly callId: string
      readonly path?: readonly string[]
    },
  ) {
    const { status, flow, callId, path = [], details } = options
    const known = { flow, call_id: callId, status, ...(path.length > 0 ? { path } : {}) }
    super(message, { code: status, ...options, details: { ...details, ...known } })
    this.status = status
    this.flow = flow
    this.callId = callId
    this.path = path
  }
}

/** There was no answer in time, or the handler was asked to stop. The next attempt waits for it again. */
export class CallPending extends Retryable {
  protected static override readonly kind: string = 'CallPending'

  /** The flow that was called. */
  readonly flow: string
  /** The id of the call, if it is known to have begun. */
  readonly callId: string | null

  constructor(
    message: string,
    options: ErrorOptions & { readonly flow: string; readonly callId: string | null },
  ) {
    const { flow, callId, details } = options
    const known = { flow, call_id: callId }
    super(message, { code: 'call_pending', ...options, details: { ...details, ...known } })
    this.flow = flow
    this.callId = callId
  }
}
