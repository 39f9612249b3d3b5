/** Policies: how steps are attempted, joined, limited, scheduled and trusted. */
import type { FlowName } from './calls.js'
import type { Duration } from './durations.js'
import type { SchemaSource } from './schemas.js'
import type { TopicName } from './topics.js'

/** A subscription that says more than its topic. */
export interface Subscribe {
  readonly topic: TopicName
  /** A CEL expression over `message` that must hold, such as `message.total > 100`. */
  readonly where?: string
  /** What people read on the edge of the graph. */
  readonly label?: string
}

/** An emission that says more than its topic. */
export interface EmitDeclaration {
  readonly topic: TopicName
  /** What people read on the edge of the graph. */
  readonly label?: string
  /** Drawn dashed: the step emits it only sometimes. */
  readonly conditional?: boolean
  /** Of all the emissions of a step that say so, exactly one happens. */
  readonly alternative?: boolean
  /** The schema of the message. */
  readonly message?: SchemaSource | null
  /**
   * Of a step without a handler: a CEL expression over `message`, what would be emitted. It is emitted
   * where that holds: `message.outcome == "approved"`.
   */
  readonly where?: string
}

/** An edge that is drawn only: what happens outside of Wistro. */
export interface Virtual {
  readonly topic: string
  /** What people read on the edge of the graph. */
  readonly label?: string
  /** Drawn dashed: it happens only sometimes. */
  readonly conditional?: boolean
}

/** An error class, or its name. */
export type ErrorName = string | (abstract new (...given: never[]) => Error)

/** When a failed delivery is attempted again. */
export interface Retry {
  /** How many attempts a delivery gets, the first included: 3. */
  readonly attempts?: number
  /** The wait before the second attempt: a second. */
  readonly firstDelay?: Duration
  /** How much longer each next wait is: 2. */
  readonly factor?: number
  /** No wait is longer: 5 minutes. */
  readonly maxDelay?: Duration
  /** Errors that are never retried. */
  readonly terminal?: readonly ErrorName[]
}

/** Makes a step wait for several messages; it is delivered to once per run and key. */
export interface Join {
  /** A CEL expression over `message`; messages with the same value belong together. */
  readonly key?: string
  /**
   * How many messages complete it: a number, or a CEL expression over `message`. Without one: the
   * first message of each subscribed topic.
   */
  readonly quorum?: number | string
  /** How long it waits from its first message on; without one, as long as the run. */
  readonly timeout?: Duration
  /** Fail the delivery (the default), or deliver what arrived. */
  readonly onTimeout?: 'fail' | 'deliver'
}

/** Has several people decide a task; without it, the first answer counts. */
export interface Approval {
  /** How many approvals it takes: 1. */
  readonly needed?: number
  /**
   * How many people may answer; without it, as many as the task is assigned to. Once too few are left to
   * approve, it is refused.
   */
  readonly of?: number
  /** Whether a single refusal decides it. */
  readonly veto?: boolean
  /** A CEL expression over `message`, an answer, that holds when it approves: `message.approved`. */
  readonly where?: string
}

/** Until when people have to answer a task. Times run from its opening. */
export interface Deadline {
  /** How long they have. */
  readonly after: Duration
  /** When they are reminded, with a message on `reminder`. */
  readonly remind?: readonly Duration[]
  /** The topic that tells of a task that is due. */
  readonly reminder?: TopicName
  /** The topic that tells of a task that is overdue. */
  readonly escalation?: TopicName
  /**
   * Close the task then: nobody can answer it any more, and the run goes on with `escalation`, or with
   * what `onFailure` says.
   */
  readonly close?: boolean
}

/** A message from outside that a step without a handler waits for. */
export interface Await {
  /** The topic that it comes on. */
  readonly topic: TopicName
  /**
   * A CEL expression over `message`, what comes, and `request`, the message that opened the wait:
   * `message.orderId == request.orderId`. Written like this, one of many waits is found at once.
   */
  readonly where?: string
  /** How long it is waited for; then `onFailure` decides. */
  readonly timeout?: Duration
}

/** A flow that a step without a handler calls with its message. */
export interface CallFlow {
  readonly flow: FlowName
  /** How long its answer is waited for; then `onFailure` decides, and the call is cancelled. */
  readonly timeout?: Duration
  /** Let the call go on when the run that made it ends. */
  readonly detached?: boolean
}

/** At most `count` starts in any `per` (a second). */
export interface Rate {
  readonly count: number
  readonly per?: Duration
}

/**
 * What a delivery whose attempts are exhausted does: `fail` the run, `hold` for an operator,
 * `ignore`, or emit an error topic and go on.
 */
export type OnFailure = 'fail' | 'hold' | 'ignore' | EmitDeclaration

/** How the ticks of a cron step are kept. */
export interface Schedule {
  /** The IANA name of the zone that the expression is read in: `UTC`. */
  readonly timeZone?: string
  /** What happens when the run of the last tick is still going: `skip`. */
  readonly overlap?:
    | 'skip'
    | 'buffer_one'
    | 'buffer_all'
    | 'cancel_other'
    | 'terminate_other'
    | 'allow_all'
  /** Ticks missed for longer than this are skipped: a minute. */
  readonly catchUp?: Duration
  /** Each tick starts a random part of this later. */
  readonly jitter?: Duration
  /** Created paused: it ticks once an operator says so. */
  readonly paused?: boolean
}

/** The signature of GitHub's webhooks: `X-Hub-Signature-256` over the raw body. */
export interface GitHubSignature {
  readonly scheme: 'github'
  /** The name of the secret, never the secret itself. */
  readonly secret: string
}

/** An HMAC of the raw body in a header, as most webhook senders do it. */
export interface HmacSignature {
  readonly scheme: 'hmac'
  /** The name of the secret, never the secret itself. */
  readonly secret: string
  /** The header that carries the signature. */
  readonly header: string
  readonly algorithm?: 'sha1' | 'sha256' | 'sha512'
  /** What stands before the signature in the header, such as `sha256=`. */
  readonly prefix?: string
  readonly encoding?: 'hex' | 'base64'
  /** The header with the moment at which the sender signed `<timestamp>.<body>`. */
  readonly timestampHeader?: string
  /** How far that moment may be from now: 5 minutes. */
  readonly tolerance?: Duration
  /** The header with the sender's delivery id: a repeated one gets the first one's run. */
  readonly idHeader?: string
}

/** How the sender of a webhook proves who it is. */
export type Signature = GitHubSignature | HmacSignature

/** Motia's spelling of an event step's policy; the fields of the step win over it. */
export interface Infrastructure {
  readonly handler?: HandlerResources
  readonly queue?: QueueOptions
}

/** What a handler gets, in Motia's words. */
export interface HandlerResources {
  /** Megabytes of memory; informative. */
  readonly ram?: number
  /** Processors; informative. */
  readonly cpu?: number
  /** How long one attempt may take. */
  readonly timeout?: Duration
}

/** How messages wait for a step, in Motia's words. */
export interface QueueOptions {
  readonly type?: 'fifo' | 'standard'
  /** How many attempts a delivery gets: Motia counts the first one as well. */
  readonly maxRetries?: number
  /** How long one attempt may take, when the handler has no timeout of its own. */
  readonly visibilityTimeout?: Duration
  /** How long a delivery waits before its first attempt: up to 900 seconds. */
  readonly delaySeconds?: Duration
  /** How many attempts may run at the same time in each worker process. */
  readonly concurrency?: number
}
