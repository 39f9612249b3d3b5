/** What can go wrong with a request. */
import { type ErrorOptions, type Issue, WistroError } from '../errors.js'

/** The server refused a request, or could not answer it: `code` and `status` say why. */
export class RequestFailed extends WistroError {
  protected static override readonly kind: string = 'RequestFailed'

  /** The HTTP status; 0 when there was no answer at all. */
  readonly status: number
  /** Each field of the request that is wrong, and why. */
  readonly issues: readonly Issue[]
  /** What to tell the operators of the server, so that they find the request in its logs. */
  readonly correlationId: string | undefined

  constructor(
    message: string,
    options: ErrorOptions & {
      readonly status: number
      readonly issues?: readonly Issue[]
      readonly correlationId?: string | undefined
      readonly retryable?: boolean
    },
  ) {
    super(message, { code: 'request_failed', ...options })
    this.status = options.status
    this.issues = options.issues ?? []
    this.correlationId = options.correlationId
  }
}

/** No answer came, after as many attempts as were safe. What was asked for may have been done. */
export class Unreachable extends RequestFailed {
  protected static override readonly kind: string = 'Unreachable'

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'unreachable', ...options, status: 0, retryable: true })
  }
}

/** The flow ran, or runs no more, and has no answer. `code` is that of its error, or how it ended. */
export class Unanswered extends RequestFailed {
  protected static override readonly kind: string = 'Unanswered'

  readonly flow: string
  readonly callId: string

  constructor(
    message: string,
    options: ErrorOptions & {
      readonly status: number
      readonly flow: string
      readonly callId: string
      readonly correlationId?: string | undefined
    },
  ) {
    super(message, options)
    this.flow = options.flow
    this.callId = options.callId
  }
}
