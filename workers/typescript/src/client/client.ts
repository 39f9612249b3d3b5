/** Calls flows of a project over HTTP: from browsers, from Node, from anything with `fetch`. */
import { type Duration, seconds } from '../durations.js'
import type { Schedule } from '../policies.js'
import { type Answer, type Called, calledOf, type ChannelAnswer } from './answers.js'
import { type ChannelOptions, followChannel } from './channel.js'
import { type Asked, Http, type Token } from './http.js'
import { followCall, pathOf } from './streaming.js'

/** Seconds beyond which one request does not wait; `fetch` asks again. */
const LONGEST_WAIT = 300

/** What a client needs to know. */
export interface ClientOptions {
  /** The address of the server, such as `https://shop.example`. */
  readonly url: string
  /** An API key, or a user's token; a function is asked for each request. */
  readonly token?: Token
  /** How long a request that may be repeated is tried while connections fail: 20 seconds. */
  readonly patience?: Duration
  /** Sends the requests: the `fetch` of the surroundings. */
  readonly fetch?: typeof globalThis.fetch
}

/** Where an answer is sent: the name of a response target, and its address there. */
export interface RespondTo {
  /** `webhook`, `channel`, `topic`, `inbox`, or one of the project's own. */
  readonly target: string
  readonly [member: string]: unknown
}

/** How a flow is called. */
export interface CallOptions {
  /**
   * How long to wait for the answer; 0: not at all. Without one, as long as the flow says. When it is
   * over, the call is `pending`, and goes on.
   */
  readonly wait?: Duration
  /**
   * Makes the call safe to repeat: a second one with the same key gets the first one's run and answer. With
   * it, the call is made again by itself when the connection fails.
   */
  readonly idempotencyKey?: string
  /** What handlers see of the caller: its app, its locale, anything. */
  readonly clientContext?: unknown
  /** What comes back untouched with the answer, and is shown to nobody else. */
  readonly responseMeta?: unknown
  /** Who else is told the answer. */
  readonly respondTo?: RespondTo
  /** Make it that much later. */
  readonly after?: Duration
  /** Make it at that moment. */
  readonly at?: Date
  /** Make it again and again: minute, hour, day of the month, month and day of the week. */
  readonly cron?: string
  /** The IANA name of the zone that `cron` is read in: `UTC`. */
  readonly timeZone?: string
  /** What happens when the run of the last tick of `cron` is still going: `skip`. */
  readonly overlap?: Schedule['overlap']
  readonly signal?: AbortSignal
}

/** How an answer is asked for. */
export interface FetchOptions {
  /** How long to wait for it: not at all. */
  readonly wait?: Duration
  readonly signal?: AbortSignal
}

/** How a flow that gives several answers is called. */
export type FollowOptions = Omit<CallOptions, 'wait' | keyof Moment>

/** When a call is made, if not at once. */
type Moment = Pick<CallOptions, 'after' | 'at' | 'cron' | 'timeZone' | 'overlap'>

/**
 * Calls the flows of a project.
 *
 * ```ts
 * const client = new Client({ url: 'https://shop.example', token })
 * const called = await client.call<Quote>('quotes', { weight: 3 })
 * if (called.status === 'answered') show(called.data)
 * ```
 */
export class Client {
  readonly #http: Http

  constructor(options: ClientOptions) {
    const { url, token, patience = 20, fetch = globalThis.fetch.bind(globalThis) } = options
    this.#http = new Http({ url, token, patience: seconds(patience) * 1000, fetch })
  }

  /**
   * Call a flow, or an app. The input is checked against what the flow takes.
   *
   * @throws Unanswered The flow ended without an answer, failed, or was cancelled.
   * @throws RequestFailed The call is refused: `issues` names each field that is wrong.
   * @throws Unreachable The server did not answer.
   */
  async call<Output = unknown>(flow: string, input?: unknown, options: CallOptions = {}): Promise<Called<Output>> {
    return calledOf(await this.#http.json(callOf(flow, input, options)))
  }

  /**
   * The answer of an earlier call, as often as it is asked for.
   *
   * @throws Unanswered The flow ended without an answer, failed, or was cancelled.
   * @throws RequestFailed There is no such call, or it is somebody else's.
   */
  async fetch<Output = unknown>(flow: string, callId: string, options: FetchOptions = {}): Promise<Called<Output>> {
    const { wait = 0, signal } = options
    const asked = Math.min(seconds(wait), LONGEST_WAIT)
    const view = await this.#http.json({
      path: `${pathOf({ flow, call_id: callId })}?wait=${asked}`,
      flow,
      signal,
      repeatable: true,
    })
    return calledOf(view)
  }

  /**
   * What is sent to a user's channel, from now on or beyond `lastId`. It comes back by itself when the
   * connection is lost, and misses nothing that is still kept. Breaking off the loop ends it.
   *
   * @throws RequestFailed The channel is not open to this client.
   */
  channel<Output = unknown>(user: string, options: ChannelOptions = {}): AsyncGenerator<ChannelAnswer<Output>> {
    return followChannel<Output>(this.#http, user, options)
  }

  /**
   * Call a flow that gives several answers (`responses: many`), and get each as it comes. Cut off, it comes
   * back by itself; the call is made once.
   *
   * @throws Unanswered The flow failed or was cancelled; what it answered before has been given.
   * @throws RequestFailed The call is refused: `issues` names each field that is wrong.
   */
  follow<Output = unknown>(flow: string, input?: unknown, options: FollowOptions = {}): AsyncGenerator<Answer<Output>> {
    return followCall<Output>(this.#http, callOf(flow, input, { ...options, wait: LONGEST_WAIT }))
  }
}

function callOf(flow: string, input: unknown, options: CallOptions): Asked {
  const { clientContext, responseMeta, respondTo, signal } = options
  return {
    path: `/call/${encodeURIComponent(flow)}`,
    body: {
      input: input ?? null,
      ...(clientContext === undefined ? {} : { client_context: clientContext }),
      ...(responseMeta === undefined ? {} : { response_meta: responseMeta }),
      ...(respondTo === undefined ? {} : { respond_to: respondTo }),
      ...scheduleOf(options),
    },
    headers: headersOf(options),
    flow,
    signal,
    repeatable: options.idempotencyKey !== undefined,
  }
}

function scheduleOf({ after, at, cron, timeZone, overlap }: Moment): object {
  if (after === undefined && at === undefined && cron === undefined) return {}
  const schedule = {
    ...(after === undefined ? {} : { after: seconds(after) }),
    ...(at === undefined ? {} : { at: at.toISOString() }),
    ...(cron === undefined ? {} : { cron }),
    ...(timeZone === undefined ? {} : { time_zone: timeZone }),
    ...(overlap === undefined ? {} : { overlap }),
  }
  return { schedule }
}

function headersOf({ wait, idempotencyKey }: CallOptions): Record<string, string> {
  const waiting = wait === undefined ? null : Math.min(Math.ceil(seconds(wait)), LONGEST_WAIT)
  return {
    ...(waiting === null ? {} : { prefer: waiting === 0 ? 'respond-async' : `wait=${waiting}` }),
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
  }
}
