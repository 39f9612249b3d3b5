import type { CancelReason, Context, Secrets, Trigger } from '../context.js'
import { jsonSchemaOf, isSchema } from '../discover/jsonSchemas.js'
import { Terminal } from '../errors.js'
import type { EmissionsOf } from '../handlers.js'
import type { EmitDeclaration } from '../policies.js'
import type { SchemaSource } from '../schemas.js'
import type { Emits } from '../steps.js'
import type { Emission } from '../topics.js'
import { Attempt } from '../worker/attempt.js'
import { Calling } from '../worker/calling.js'
import type { Invocation } from '../worker/contract.js'
import { HandlerContext } from '../worker/handlerContext.js'
import { Recording } from '../worker/recording.js'
import { ANYTHING, Shape } from '../worker/shapes.js'
import { type FakeAnswers, type MadeCall, MemoryCalls } from './memoryCalls.js'
import { MemoryState } from './memoryState.js'
import { MemoryStreams, type Sent } from './memoryStreams.js'

const RUN_ID = '0123456789abcdef0123456789abcdef'
const DELIVERY_ID = '0'.repeat(16)

/** What a config says about emissions; `type` tells a config from other objects. */
interface Emitting {
  readonly type: string
  readonly emits?: Emits
}

/** What a test says about the delivery; everything has a default. */
export interface FakeOptions {
  /** The id of the step. */
  readonly step?: string
  /** The flow that runs. */
  readonly flow?: string
  readonly runId?: string
  /** Which attempt this is: 1. */
  readonly attempt?: number
  /** The topic of the message that the handler gets. */
  readonly topic?: string
  /** What started the run; a message on `topic` unless given. */
  readonly trigger?: Partial<Trigger>
  /** The secrets by name. */
  readonly secrets?: Readonly<Record<string, string>>
  /** What is in the state already, by group and key. */
  readonly state?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** What flows answer when the handler calls them: a value, a function of the input, or an error. */
  readonly calls?: FakeAnswers
}

/** A line that a handler logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: unknown
}

/** A context that remembers what the handler did. */
export interface FakeContext<E extends Emission = Emission> extends Context<E> {
  /** The messages, as JSON values, in the order emitted. */
  readonly emissions: readonly Emission[]
  /** The messages on a topic. */
  emitted(topic: string): readonly unknown[]
  /** The answer of a callable flow; nothing when there is none. */
  readonly response: unknown
  readonly logs: readonly LogLine[]
  /** What was reported by `heartbeat`. */
  readonly progress: readonly unknown[]
  /** What was sent to the clients of streams. */
  readonly sent: readonly Sent[]
  /** The calls of flows, in the order made. */
  readonly calls: readonly MadeCall[]
  /** Ask the handler to stop. */
  cancel(reason?: CancelReason): void
}

/**
 * A context for testing one handler as the plain function that it is:
 *
 * ```ts
 * const ctx = fakeContext(config)
 * await handler({ orderId: '7' }, ctx)
 * expect(ctx.emitted('order.shipped')).toEqual([{ orderId: '7' }])
 * ```
 *
 * @param config - The step's config: its handler may emit what it declares, with its schemas, as in a
 *   worker. Without one it may emit anything.
 */
export function fakeContext<C extends Emitting>(
  config: C,
  options?: FakeOptions,
): FakeContext<EmissionsOf<C>>
export function fakeContext(config?: null, options?: FakeOptions): FakeContext
export function fakeContext(
  config: Emitting | null = null,
  options: FakeOptions = {},
): FakeContext {
  return new Fake(config, options)
}

class Fake extends HandlerContext implements FakeContext {
  readonly logs: LogLine[]
  readonly progress: unknown[]
  readonly sent: readonly Sent[]
  readonly calls: readonly MadeCall[]
  readonly #recording: Recording
  readonly #attempt: Attempt

  constructor(config: Emitting | null, options: FakeOptions) {
    const logs: LogLine[] = []
    const progress: unknown[] = []
    const streams = new MemoryStreams()
    const calls = new MemoryCalls(options.calls)
    const invocation = invocationOf(options)
    const attempt = new Attempt(options.attempt ?? 1)
    const write = (level: LogLine['level'], message: string, fields: unknown) => {
      logs.push({ level, message, fields })
    }
    // Without a config, any topic: that is what the recording makes of none under Motia's rules.
    const recording = new Recording(
      { id: invocation.step, topics: shapesOf(config?.emits ?? []), lenient: config === null },
      write,
      (details) => progress.push(details),
    )
    super({
      invocation,
      attempt,
      recording,
      calling: new Calling({ invocation, attempt, recording, calls }),
      flows: [invocation.flow],
      state: new MemoryState(options.state),
      streams: streams.streams,
      secrets: secretsOf(options.secrets ?? {}),
      write,
    })
    this.logs = logs
    this.progress = progress
    this.sent = streams.sent
    this.calls = calls.made
    this.#recording = recording
    this.#attempt = attempt
  }

  get emissions(): readonly Emission[] {
    return this.#recording.result(null).emissions
  }

  get response(): unknown {
    const { responded, response } = this.#recording.result(null)
    return responded ? response : undefined
  }

  emitted(topic: string): readonly unknown[] {
    return this.emissions.filter((emission) => emission.topic === topic).map(({ data }) => data)
  }

  cancel(reason: CancelReason = 'cancelled'): void {
    this.#attempt.cancellation.set(reason)
  }
}

function invocationOf(options: FakeOptions): Invocation {
  const { runId = RUN_ID, topic = null, trigger = {} } = options
  const { parent = null } = trigger
  return {
    project: 'test',
    flow: options.flow ?? 'flow',
    run_id: runId,
    build: 'test',
    step: options.step ?? 'step',
    delivery_id: DELIVERY_ID,
    idempotency_key: `${runId}:${DELIVERY_ID}`,
    trigger: {
      kind: trigger.kind ?? 'event',
      step: trigger.step ?? null,
      topic: trigger.topic ?? topic,
      parent: parent && { flow: parent.flow, run_id: parent.runId, delivery_id: parent.deliveryId },
      by: trigger.by ?? null,
      client_context: trigger.clientContext ?? null,
      traceparent: trigger.traceparent ?? null,
      depth: 0,
    },
    topic,
    data: null,
    attempt: 0,
    released: 0,
    segment: null,
    version: 1,
  }
}

function shapesOf(emits: Emits): ReadonlyMap<string, Shape> {
  if (!isList(emits)) {
    return new Map(Object.entries(emits).map(([topic, schema]) => [topic, shapeOf(schema)]))
  }
  return new Map(
    emits.map((emit) =>
      typeof emit === 'string' ? [emit, ANYTHING] : [emit.topic, shapeOf(emit.message ?? null)],
    ),
  )
}

function isList(emits: Emits): emits is readonly (string | EmitDeclaration)[] {
  return Array.isArray(emits)
}

function shapeOf(schema: SchemaSource | null): Shape {
  if (schema === null) return ANYTHING
  // Zod's types are looked for from the working directory: tests run in their project.
  const json = isSchema(schema) ? jsonSchemaOf(schema, `${process.cwd()}/test`) : schema
  return new Shape(json as Readonly<Record<string, unknown>>)
}

function secretsOf(values: Readonly<Record<string, string>>): Secrets {
  return {
    get: (name) => {
      const value = values[name]
      if (value !== undefined) return value
      throw new Terminal(`There is no secret \`${name}\``, {
        code: 'unknown_secret',
        hint: `give \`fakeContext(config, { secrets: { ${name}: … } })\``,
      })
    },
  }
}
