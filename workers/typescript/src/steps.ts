/** Step configs: what stands beside a handler in a step file. */
import type { FlowName } from './calls.js'
import type { Duration } from './durations.js'
import type { AnyMiddleware, ApiMethod, QueryParam } from './requests.js'
import type {
  Approval,
  Await,
  CallFlow,
  Deadline,
  EmitDeclaration,
  Infrastructure,
  Join,
  OnFailure,
  Rate,
  Retry,
  Schedule,
  Signature,
  Subscribe,
  Virtual,
} from './policies.js'
import type { SchemaSource } from './schemas.js'
import type { TopicName } from './topics.js'

/** The topics that a step may emit: a list, or a table of topics and the schemas of their messages. */
export type Emits = readonly Emit[] | Readonly<Record<string, SchemaSource | null>>

/** A topic that a step may emit. */
export type Emit = TopicName | EmitDeclaration

/** What every kind of step has. */
export interface StepBase {
  /** The step's id; without one, the stem of its file. */
  readonly id?: string
  /** Its name, for people who do not program. */
  readonly name: string
  /** What it does and why, for the same people. */
  readonly description?: string
  /** The flows it belongs to; without one, the flow `default`. */
  readonly flows?: readonly string[]
  /** The topics that it may emit; a noop's, that an answer from outside emits. */
  readonly emits?: Emits
  /** Edges to topics that are drawn only. */
  readonly virtualEmits?: readonly (string | Virtual)[]
  /** Edges from topics that are drawn only. */
  readonly virtualSubscribes?: readonly (string | Virtual)[]
}

/** A step with a handler. */
export interface HandlerStep extends StepBase {
  /** When a failed delivery is attempted again. */
  readonly retry?: Retry
  /** What happens when the attempts are exhausted. */
  readonly onFailure?: OnFailure
  /** How long one attempt may take. */
  readonly timeout?: Duration
  /** An attempt without a sign of life for this long counts as lost. */
  readonly heartbeat?: Duration
  /** Where the step runs; `inline` is for Python steps. */
  readonly placement?: 'worker'
  /** How many attempts may run at the same time in each worker process. */
  readonly concurrency?: number
  /** How many attempts may start in a span of time, over all workers. */
  readonly rate?: Rate
  /** Whether it gives the flow's callers their answer, with `ctx.respond`; `conditional`: or goes on without. */
  readonly responds?: boolean | 'conditional'
  /** Files that the handler reads, as patterns relative to its own: a change makes a new build. */
  readonly includeFiles?: readonly string[]
}

/** A step that an HTTP request triggers; its handler's return value is the response. */
export interface ApiConfig extends HandlerStep {
  readonly type: 'api'
  /** The route, with parameters as `/orders/:id` or `/orders/{id}`. */
  readonly path: `/${string}` | (string & Record<never, never>)
  readonly method: ApiMethod
  /** What the request's JSON body must be. */
  readonly bodySchema?: SchemaSource | null
  /** The query parameters, for the documentation. */
  readonly queryParams?: readonly QueryParam[]
  /** What the body of each status is. */
  readonly responseSchema?: Readonly<Record<number, SchemaSource | null>>
  /** Functions around the handler, the first one outermost. */
  readonly middleware?: readonly AnyMiddleware[]
  /** `wait` answers with what the handler returns; `async` answers 202 with the run's id. */
  readonly mode?: 'wait' | 'async'
  /** The signature that a request must carry. */
  readonly signature?: Signature
}

/** A step that messages on topics are delivered to. */
export interface EventConfig extends HandlerStep {
  readonly type: 'event'
  /** The topics it listens to. */
  readonly subscribes: readonly (TopicName | Subscribe)[]
  /** Waits for several messages instead of running for each. */
  readonly join?: Join
  /** The schema of its messages. */
  readonly input?: SchemaSource | null
  /** How long a delivery waits before its first attempt. */
  readonly delay?: Duration
  /** Motia's spelling of the policy; our own fields win over it. */
  readonly infrastructure?: Infrastructure
}

/** A step that the clock triggers. */
export interface CronConfig extends HandlerStep {
  readonly type: 'cron'
  /** Minute, hour, day of the month, month, day of the week: `0 3 * * 1`. */
  readonly cron: string
  /** Time zone, overlap, catch-up, jitter. */
  readonly schedule?: Schedule
}

/** A step that callers trigger, as one calls a function. */
export interface CallConfig extends HandlerStep {
  readonly type: 'call'
  /** What callers give. */
  readonly input?: SchemaSource | null
  /** What they get back. */
  readonly output?: SchemaSource | null
}

/**
 * A step without a handler: it stands for something that happens outside.
 *
 * With an `input`, people answer it in the inbox; with `await`, a message does; with `calls`, another flow.
 * The run waits meanwhile, without a worker, and then the step's topics are emitted with
 * `{ request, answer, … }`: the message that it was delivered, and what came from outside.
 */
export interface NoopConfig extends StepBase {
  readonly type: 'noop'
  /** The topics that people or systems outside wait for. */
  readonly subscribes?: readonly (TopicName | Subscribe)[]
  /** What the answer of a person looks like: it makes a form. */
  readonly input?: SchemaSource | null
  /** The people who may answer, as they sign in; without them and `roles`, everybody. */
  readonly assignees?: readonly string[]
  /** The roles of those who may answer. */
  readonly roles?: readonly string[]
  /** Has several people decide. */
  readonly approval?: Approval
  /** Until when they have to. */
  readonly deadline?: Deadline
  /** The topic that tells that people have to answer, with links for those who have no account. */
  readonly notify?: TopicName
  /** The message from outside that is waited for. */
  readonly await?: Await
  /** The flow that is called with the message. */
  readonly calls?: FlowName | CallFlow
  /** What happens when nothing comes in time, or the call fails. */
  readonly onFailure?: OnFailure
}

/** The config of a step, of any kind. */
export type StepConfig = ApiConfig | EventConfig | CronConfig | CallConfig | NoopConfig
