/** What the generator reads of a compiled project: the lock as JSON, with its schemas in place. */
import { SetupError } from '../errors.js'

type Schema = Readonly<Record<string, unknown>> | null

/** A topic that a step may emit. */
export interface EmitsLock {
  readonly topic: string
  readonly message?: Schema
}

/** A step, as the lock describes it. */
export interface StepLock {
  readonly id: string
  readonly name: string
  readonly kind: 'api' | 'event' | 'cron' | 'call' | 'noop'
  readonly language?: string
  readonly subscribes?: readonly { readonly topic: string }[]
  readonly join?: { readonly quorum?: unknown } | null
  readonly emits?: readonly EmitsLock[]
  readonly input?: Schema
  readonly output?: Schema
  readonly api?: {
    readonly path: string
    readonly body?: Schema
    readonly responses?: Readonly<Record<string, Schema>>
  } | null
}

/** A flow, and how it is called when it can be. */
export interface FlowLock {
  readonly callable?: {
    readonly input?: Schema
    readonly output?: Schema
    readonly responses?: 'one' | 'many'
  } | null
}

/** A compiled project. */
export interface ProjectLock {
  readonly steps: readonly StepLock[]
  readonly topics: Readonly<Record<string, { readonly message?: Schema }>>
  readonly streams: Readonly<Record<string, { readonly item?: Schema }>>
  readonly flows: Readonly<Record<string, FlowLock>>
  /** By their names; `callable` is the flow that is meant when an app is called. */
  readonly apps: Readonly<Record<string, { readonly callable?: string | null }>>
}

/** Read the JSON of a lock; throws a `SetupError` when it is none. */
export function readProject(text: string, file: string): ProjectLock {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error))
  }
  const { steps, topics, streams, flows, apps } = table(document) ?? {}
  const list = Array.isArray(steps) ? steps : Object.values(table(steps) ?? {})
  if (steps === undefined || !list.every(isStep)) throw unreadable(file, '`steps` are missing')
  return {
    steps: list,
    topics: (table(topics) ?? {}) as ProjectLock['topics'],
    streams: (table(streams) ?? {}) as ProjectLock['streams'],
    flows: (table(flows) ?? {}) as ProjectLock['flows'],
    apps: (table(apps) ?? {}) as ProjectLock['apps'],
  }
}

function isStep(value: unknown): value is StepLock {
  const step = table(value)
  return step !== null && [step['id'], step['name'], step['kind']].every((text) => typeof text === 'string')
}

function table(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
}

function unreadable(file: string, why: string): SetupError {
  return new SetupError(`\`${file}\` is not the JSON of a lock: ${why}`, {
    hint: 'let `wistro types` call this',
    file,
  })
}
