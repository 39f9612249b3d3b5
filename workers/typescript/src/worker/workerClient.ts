/** Calls to the worker API: what is repeated, what is not, and errors in plain words. */

import { setTimeout as sleep } from 'node:timers/promises'

import { InvalidMessage, type Issue, StoreError } from '../errors.js'
import { messageOf } from './failures.js'
import type { Log } from './log.js'

/** Where the worker API is below the address of the triggers. */
const WORKER_API = '/_wistro/worker/v1'
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000
const TIMEOUT_MS = 10_000

/** Raised before the request has left this process. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
])
/** The server, or what stands before it, says that it has done nothing. */
const NOT_DONE = new Set([429, 503])
/** The other side may have done it: only what may be done twice is sent again. */
const UNSURE = new Set([502, 504])

// Kept, because what tests and tracers put in its place is for the requests of handlers.
const send = globalThis.fetch

/** How a call is made. */
export interface CallOptions {
  /** A run token, shown as a bearer token; minted for each request, which a long step may outlive. */
  readonly token?: () => string
  /** Whether doing it twice does no harm. */
  readonly repeatable?: boolean
  /** Milliseconds to go on trying, with growing pauses, while the API is away. */
  readonly patience?: number
  /** Milliseconds after which a request counts as lost. */
  readonly timeout?: number
  /** Gives up when it aborts, with its reason. */
  readonly signal?: AbortSignal
}

export type Answer = Readonly<Record<string, unknown>>

/** No answer that counts. `harmless`: and nothing was done either. Never leaves this module. */
class Away extends Error {
  constructor(
    readonly error: StoreError,
    readonly harmless: boolean,
  ) {
    super(error.message)
  }
}

/** Sends requests to one worker API. */
export class WorkerApi {
  readonly #url: string

  /** Take the address of the triggers, for example `http://127.0.0.1:3000`. */
  constructor(
    address: string,
    private readonly log: Log,
    private readonly timeout = TIMEOUT_MS,
  ) {
    this.#url = address.replace(/\/+$/, '')
  }

  /**
   * Post a JSON body and give back the answer.
   *
   * @throws StoreError With the code that the API gave; `store_unavailable` when it stayed away;
   *   `store_outcome_unknown` when something that is not repeatable may have been done.
   */
  async call(path: string, body: string, options: CallOptions = {}): Promise<Answer> {
    const { repeatable = true, patience = 0, signal } = options
    const deadline = performance.now() + patience
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await this.#attempt(path, body, options)
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof Away)) throw error
        if (!repeatable && !error.harmless) throw outcomeUnknown(path, error.error)
        // Jitter: workers that lost the API together must not come back together.
        const wait = pause * (0.5 + Math.random() / 2)
        if (performance.now() + wait > deadline) throw error.error
        const again = `trying \`${path}\` again in ${Math.round(wait)} ms: ${error.message}`
        this.log.write('warning', again)
        await sleep(wait, undefined, signal === undefined ? {} : { signal })
      }
    }
  }

  async #attempt(path: string, body: string, options: CallOptions): Promise<Answer> {
    const token = options.token?.()
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`
    let status: number
    let text: string
    try {
      const lost = AbortSignal.timeout(options.timeout ?? this.timeout)
      const signal = options.signal === undefined ? lost : AbortSignal.any([lost, options.signal])
      const url = `${this.#url}${WORKER_API}${path}`
      const answer = await send(url, { method: 'POST', headers, body, signal })
      status = answer.status
      text = await answer.text()
    } catch (error) {
      throw new Away(this.#unreachable(error), NOT_SENT.has(codeOf(error)))
    }
    if (status >= 200 && status < 300) return JSON.parse(text) as Answer
    const error = this.#refusal(status, text)
    if (NOT_DONE.has(status)) throw new Away(error, true)
    if (UNSURE.has(status)) throw new Away(error, false)
    throw error
  }

  #unreachable(cause: unknown): StoreError {
    const found = causeOf(cause)
    return new StoreError(`The worker API at \`${this.#url}\` does not answer: ${messageOf(found)}`, {
      code: 'store_unavailable',
      hint: 'is `wistro dev`, or `wistro start` with triggers, running at this address?',
      cause,
    })
  }

  #refusal(status: number, text: string): StoreError {
    const { code, message, details } = problemOf(text) ?? {
      code: NOT_DONE.has(status) || UNSURE.has(status) ? 'store_unavailable' : 'store_error',
      message: `The worker API at \`${this.#url}\` was expected to answer; found HTTP ${status}`,
      details: undefined,
    }
    const [said = '', hint] = message.split(' hint: ')
    return new StoreError(said.replace(/\.$/, ''), {
      code,
      hint,
      details: details === undefined ? {} : { issues: details },
      retryable: status >= 500 || status === 409 || status === 429 || code === 'token_expired',
    })
  }
}

/** `{"error": {"code", "message", "details"}}` */
function problemOf(
  text: string,
): { code: string; message: string; details?: readonly unknown[] } | null {
  try {
    const { error } = JSON.parse(text) as { error: Record<string, unknown> }
    const { code, message, details } = error
    const found = Array.isArray(details) && details.length > 0 ? { details } : {}
    return { code: String(code), message: String(message), ...found }
  } catch {
    return null
  }
}

/** The API's refusal of data that does not fit, as handlers know it: sent again, it would be refused again. */
export function misfitOf(error: StoreError): InvalidMessage {
  const { issues } = error.details
  return new InvalidMessage(error.message, {
    issues: Array.isArray(issues) ? (issues as Issue[]) : [],
    hint: error.hint,
  })
}

function codeOf(error: unknown): string {
  return String((causeOf(error) as { code?: unknown }).code ?? '')
}

/** `fetch` hides what happened behind "fetch failed". */
function causeOf(error: unknown): object {
  if (error instanceof Error && error.cause instanceof Error) return error.cause
  return error as object
}

function outcomeUnknown(path: string, error: StoreError): StoreError {
  return new StoreError(
    `\`${path.replace(/^\//, '')}\` may or may not have been done: ${error.message}`,
    {
      code: 'store_outcome_unknown',
      hint: 'read the entry before doing it again; what can be repeated is repeated by itself',
    },
  )
}
