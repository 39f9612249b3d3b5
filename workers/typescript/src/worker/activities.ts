/** The activities of this worker: one that runs whatever step it is named after. */

import { Context } from '@temporalio/activity'
import { ApplicationFailure, defaultPayloadConverter, type Payload, RawValue } from '@temporalio/common'

import type { CancelReason } from '../context.js'
import { Retryable } from '../errors.js'
import { Abandoned, Attempt } from './attempt.js'
import { type ErrorInfo, type Invocation, readInvocation, type StepResult } from './contract.js'
import type { Deliveries } from './deliveries.js'
import { describe, StepFailed } from './failures.js'
import { oversized } from './sizes.js'

/** The longest time between two signs of life: cancellation reaches a handler with one of them. */
export const HEARTBEAT_MS = 5000

/** How long a handler that was asked to stop may take, in milliseconds. */
export interface Patience {
  /** After a cancellation: what it does in this time still counts. */
  readonly cancelled: number
  /** When its result no longer counts (another attempt may have begun), or the worker stops. */
  readonly stopping: number
}

export const PATIENCE: Patience = { cancelled: 10_000, stopping: 2000 }

/** An activity of one argument. */
export type StepActivity = (invocation: unknown) => Promise<RawValue>

/** Within what bounds attempts are made. */
export interface Bounds {
  /** Bytes of a result as JSON. */
  readonly limit: number
  /** Told of each attempt, how many milliseconds it may take; what it gives back is called at its end. */
  watch?(timeout: number): () => void
  readonly patience?: Patience
}

/** Make the activity that runs steps: an `Invocation` in, a `StepResult` out. */
export function stepActivity(
  deliveries: Deliveries,
  { limit, watch, patience = PATIENCE }: Bounds,
): StepActivity {
  return async (given) => {
    const activity = Context.current()
    try {
      const invocation = readSingle(given)
      const attempt = new Attempt(
        invocation.attempt + activity.info.attempt,
        (progress) => signs.report(progress),
      )
      const signs = new SignsOfLife(activity)
      const unwatch = watch?.(activity.info.startToCloseTimeoutMs)
      const stop = whenCancelled(activity, attempt, patience)
      try {
        return packed(invocation.step, await deliveries.attempt(invocation, attempt), limit)
      } finally {
        signs.end()
        stop()
        unwatch?.()
      }
    } catch (error) {
      throw toFailure(error, activity)
    }
  }
}

function readSingle(given: unknown): Invocation {
  const invocation = readInvocation(given)
  if (invocation.segment === null) return invocation
  throw new Retryable('A segment was sent to a worker that makes single deliveries', {
    code: 'bad_invocation',
    hint: 'only workers on the queue of the runs take segments',
  })
}

/** The result, converted and known to fit. */
export function packed(step: string, result: StepResult, limit: number): RawValue {
  const payload: Payload = defaultPayloadConverter.toPayload(result)
  const size = payload.data?.length ?? 0
  if (size > limit) throw new StepFailed(oversized(step, result, size, limit))
  return RawValue.fromPayload(payload)
}

/** Asks the attempt to stop when Temporal cancels the activity, waits a while, and gives it up. */
function whenCancelled(activity: Context, attempt: Attempt, patience: Patience): () => void {
  let timer: NodeJS.Timeout | undefined
  const cancelled = (): void => {
    const reason = reasonOf(activity)
    attempt.cancellation.set(reason)
    const wait = reason === 'cancelled' ? patience.cancelled : patience.stopping
    timer = setTimeout(attempt.abandon, wait)
  }
  const { cancellationSignal: signal } = activity
  if (signal.aborted) cancelled()
  else signal.addEventListener('abort', cancelled, { once: true })
  return () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', cancelled)
  }
}

function reasonOf({ cancellationDetails: details }: Context): CancelReason {
  if (details === undefined || details.cancelRequested) return 'cancelled'
  if (details.workerShutdown) return 'worker_stopping'
  return details.timedOut ? 'timeout' : 'superseded'
}

function toFailure(error: unknown, activity: Context): Error {
  if (error instanceof StepFailed) return reported(error.info)
  if (!(error instanceof Abandoned)) return reported(describe(error))
  const reason = reasonOf(activity)
  // Temporal takes "cancelled" only from an activity that it asked to stop.
  if (reason === 'cancelled') return activity.cancellationSignal.reason as Error
  return reported(stopped(reason))
}

function stopped(reason: CancelReason): ErrorInfo {
  const info = { stack: null, details: null, retryable: true, retry_after: null }
  if (reason === 'worker_stopping') {
    const message = 'the worker stopped before the attempt was over; another attempt follows'
    return { ...info, code: 'worker_stopped', message, type: 'WorkerStopped' }
  }
  // Nobody hears this any more, unless Temporal changes its mind.
  const message = 'the attempt was stopped: its result cannot count'
  return { ...info, code: reason, message, type: null }
}

function reported(error: ErrorInfo): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: error.message,
    // By the class of the error, as policies name those that are never retried.
    type: error.type ?? error.code,
    nonRetryable: !error.retryable,
    details: [error],
    ...(error.retry_after === null ? {} : { nextRetryDelay: error.retry_after * 1000 }),
  })
  // What the handler's stack was is in the details; this one is of our own code.
  failure.stack = ''
  return failure
}

/** Heartbeats by itself, with the latest that the handler reported. */
class SignsOfLife {
  readonly #every: number
  #details: unknown
  #timer: NodeJS.Timeout | undefined

  constructor(private readonly activity: Context) {
    const { heartbeatTimeoutMs: timeout, isLocal } = activity.info
    this.#every = isLocal || !timeout ? 0 : Math.min(timeout / 4, HEARTBEAT_MS)
    this.#rearm()
  }

  report(details: unknown): void {
    // Kept, because the next sign of life would replace it with nothing.
    this.#details = details
    if (this.#every > 0) this.#beat()
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #beat(): void {
    this.activity.heartbeat(this.#details)
    this.#rearm()
  }

  #rearm(): void {
    clearTimeout(this.#timer)
    if (this.#every > 0) this.#timer = setTimeout(() => this.#beat(), this.#every)
  }
}
