/** What crosses between the engine and this worker, in its wire form: `workers/contract`. */

import { type Issue, Retryable } from '../errors.js'
import { listed, Reader } from './reader.js'

export const CONTRACT_VERSION = 1

const TRIGGERS = ['api', 'event', 'cron', 'call', 'flow', 'operator', 'fork'] as const
export type TriggerKind = (typeof TRIGGERS)[number]

/** Names a run, and a delivery in it. */
export interface RunRef {
  readonly flow: string
  readonly run_id: string
  readonly delivery_id: string | null
}

/** What started a run. */
export interface Trigger {
  readonly kind: TriggerKind
  readonly step: string | null
  readonly topic: string | null
  readonly parent: RunRef | null
  readonly by: string | null
  readonly client_context: unknown
  readonly traceparent: string | null
  /** How many calls of flows lie between this run and the one that nobody's flow called. */
  readonly depth: number
}

/** One delivery, as handed to a worker. `attempt` counts the attempts made before this call. */
export interface Invocation {
  readonly project: string
  readonly flow: string
  readonly run_id: string
  readonly build: string
  readonly step: string
  readonly delivery_id: string
  readonly idempotency_key: string
  readonly trigger: Trigger
  readonly topic: string | null
  readonly data: unknown
  readonly attempt: number
  /** How often an operator had it made again. */
  readonly released: number
  /** Only workers on the queue of the runs get these. */
  readonly segment: unknown
  readonly version: number
}

/** A message emitted by a handler. */
export interface Emission {
  readonly topic: string
  readonly data: unknown
}

/** What a handler did, recorded with its completion, all or nothing. */
export interface StepResult {
  readonly emissions: readonly Emission[]
  readonly output: unknown
  readonly response: unknown
  readonly responded: boolean
}

/** The portable form of an error. */
export interface ErrorInfo {
  /** A word for programs. */
  readonly code: string
  readonly message: string
  /** The class name of the error. */
  readonly type: string | null
  readonly stack: string | null
  readonly details: unknown
  readonly retryable: boolean
  /** Seconds to wait before the next attempt, when the error knows. */
  readonly retry_after: number | null
}

/**
 * Read an invocation; members that are absent have their defaults, those that are unknown are ignored.
 *
 * @throws Retryable `contract_version` for a later version, `bad_invocation` naming each odd member.
 */
export function readInvocation(value: unknown): Invocation {
  const reader = new Reader(value)
  // Before anything else: a later version may look different altogether.
  const version = reader.integer('version', CONTRACT_VERSION)
  if (version > CONTRACT_VERSION) throw laterVersion(version)
  const invocation: Invocation = {
    project: reader.text('project'),
    flow: reader.text('flow'),
    run_id: reader.text('run_id'),
    build: reader.text('build'),
    step: reader.text('step'),
    delivery_id: reader.text('delivery_id'),
    idempotency_key: reader.text('idempotency_key'),
    trigger: readTrigger(reader.object('trigger')),
    topic: reader.optionalText('topic'),
    data: reader.any('data'),
    attempt: reader.integer('attempt', 0),
    released: reader.integer('released', 0),
    segment: readSegment(reader),
    version,
  }
  if (reader.issues.length > 0) throw badInvocation(reader.issues)
  return invocation
}

function readTrigger(reader: Reader): Trigger {
  return {
    kind: reader.oneOf('kind', TRIGGERS),
    step: reader.optionalText('step'),
    topic: reader.optionalText('topic'),
    parent: reader.any('parent') === null ? null : readRunRef(reader.object('parent')),
    by: reader.optionalText('by'),
    client_context: reader.any('client_context'),
    traceparent: reader.optionalText('traceparent'),
    depth: reader.integer('depth', 0),
  }
}

function readRunRef(reader: Reader): RunRef {
  return {
    flow: reader.text('flow'),
    run_id: reader.text('run_id'),
    delivery_id: reader.optionalText('delivery_id'),
  }
}

function readSegment(reader: Reader): unknown {
  const segment = reader.any('segment')
  if (segment === null) return null
  const members = reader.object('segment')
  members.object('plan')
  members.integer('budget')
  return segment
}

function laterVersion(version: number): Retryable {
  return new Retryable(
    `The engine speaks version ${version} of the worker contract, this worker version ${CONTRACT_VERSION}`,
    { code: 'contract_version', hint: 'update the worker' },
  )
}

function badInvocation(issues: readonly Issue[]): Retryable {
  return new Retryable(`The invocation cannot be read: ${listed(issues)}`, {
    code: 'bad_invocation',
    hint: 'update the engine and the workers to the same release',
    details: { issues },
  })
}
