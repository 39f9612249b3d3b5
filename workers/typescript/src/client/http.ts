/** Requests to one server: who asks, what is tried again, and errors as errors. */
import { RequestFailed, Unanswered, Unreachable } from './errors.js'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000
const RUN_HEADER = 'wistro-run-id'

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>

/** A token or API key, or a function that gives the one that is good now. */
export type Token = string | (() => string | Promise<string>)

/** A request, and whether it may be sent twice. */
export interface Asked {
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** Whether doing it twice is doing it once: only then it is sent again when the connection fails. */
  readonly repeatable: boolean
  /** Instead of the client's. */
  readonly token?: Token | undefined
  /** The flow that is called, for the error of one that has no answer. */
  readonly flow?: string
}

/** What a client is made with. */
export interface HttpOptions {
  /** The address of the server, such as `https://shop.example`. */
  readonly url: string
  readonly token?: Token | undefined
  /** Milliseconds for which a request that may be repeated is tried while connections fail. */
  readonly patience: number
  readonly fetch: typeof globalThis.fetch
}

/** Sends requests. */
export class Http {
  readonly #url: string
  readonly patience: number

  constructor(private readonly options: HttpOptions) {
    this.patience = options.patience
    this.#url = options.url.replace(/\/+$/, '')
  }

  /**
   * The JSON object that the server answers with.
   *
   * @throws Unreachable The connection failed, also when it was tried again.
   * @throws Unanswered A flow was called, and has no answer.
   * @throws RequestFailed The server says no.
   */
  async json(asked: Asked): Promise<Json> {
    const deadline = Date.now() + (asked.repeatable ? this.patience : 0)
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await this.#read(await this.send(asked), asked.signal)
      } catch (error) {
        // Jitter: pages that lost the server together must not come back together.
        const wait = pause * (0.5 + Math.random() / 2)
        if (!(error instanceof Unreachable) || Date.now() + wait > deadline) throw error
        await delay(wait, asked.signal)
      }
    }
  }

  /** The response, whose status is below 400; tried once. With a body it is a POST, else a GET. */
  async send(asked: Asked): Promise<Response> {
    const { path, body, signal } = asked
    const headers = await this.#headers(asked)
    const method = body === undefined ? 'GET' : 'POST'
    const text = body === undefined ? null : JSON.stringify(body)
    let response: Response
    try {
      response = await this.options.fetch(`${this.#url}${path}`, {
        method,
        headers,
        body: text,
        signal: signal ?? null,
      })
    } catch (error) {
      throw signal?.aborted ? signal.reason : this.#unreachable(error)
    }
    if (response.status < 400) return response
    throw await failureOf(response, asked)
  }

  async #read(response: Response, signal: AbortSignal | undefined): Promise<Json> {
    let text: string
    try {
      text = await response.text()
    } catch (error) {
      throw signal?.aborted ? signal.reason : this.#unreachable(error)
    }
    const found = objectOf(text)
    if (found !== null) return found
    throw new RequestFailed(`\`${this.#url}\` was expected to answer with JSON, found something else`, {
      status: response.status,
      code: 'not_wistro',
      hint: 'is this the address of a Wistro server?',
    })
  }

  async #headers({ headers = {}, body, token = this.options.token }: Asked): Promise<Record<string, string>> {
    const shown = typeof token === 'function' ? await token() : token
    return {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(shown === undefined ? {} : { authorization: `Bearer ${shown}` }),
      ...headers,
    }
  }

  #unreachable(cause: unknown): Unreachable {
    // Node hides what happened behind "fetch failed".
    const found = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
    const why = found instanceof Error ? found.message : String(found)
    return new Unreachable(`\`${this.#url}\` does not answer: ${why}`, {
      hint: 'is the server running at this address?',
      cause,
    })
  }
}

/** Wait; rejects with the signal's reason when it aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}

/** `{"error": {"code", "message", "details": [{"field", "message"}], "correlation_id"}}` */
interface Problem {
  readonly code?: string
  readonly message?: string
  readonly details?: readonly { readonly field: string; readonly message: string }[]
  readonly correlation_id?: string
}

async function failureOf(response: Response, { flow }: Asked): Promise<RequestFailed> {
  const { status } = response
  const found = objectOf(await response.text().catch(() => ''))
  const { code, message, details, correlation_id: correlationId } = (found?.['error'] ?? {}) as Problem
  const [said = '', hint] = (message ?? `the server answered with HTTP ${status}`).split(' hint: ')
  const text = said.replace(/\.$/, '')
  const known = { status, hint, correlationId, ...(code === undefined ? {} : { code }) }
  const callId = response.headers.get(RUN_HEADER)
  if (flow !== undefined && callId !== null) return new Unanswered(text, { ...known, flow, callId })
  const retryable = status === 429 || status >= 500
  return new RequestFailed(text, { ...known, issues: details ?? [], retryable })
}

function objectOf(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : null
  } catch {
    return null
  }
}
