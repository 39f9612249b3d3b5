/** Something wrong with one field of a request. */
export interface Detail {
  field: string
  message: string
}

/** What the API says went wrong: a message, how to mend it, and the fields that are wrong. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | null
  readonly details: Detail[]
  readonly correlationId: string | null

  constructor(status: number, code: string, text: string, details: Detail[] = [], correlationId: string | null = null) {
    const [message, hint] = splitHint(text)
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.hint = hint
    this.details = details
    this.correlationId = correlationId
  }
}

/** The error in an answer's body, whatever that is. */
export function errorOf(status: number, body: unknown): ApiError {
  const found = isRecord(body) && isRecord(body.error) ? body.error : null
  if (!found) {
    return new ApiError(status, 'unexpected', `The server answered with status ${status}.`)
  }
  const details = Array.isArray(found.details) ? found.details.filter(isDetail) : []
  const id = typeof found.correlation_id === 'string' ? found.correlation_id : null
  return new ApiError(status, String(found.code), String(found.message), details, id)
}

/** Any thrown value as an error to show. */
export function asError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (thrown instanceof TypeError) {
    return new ApiError(0, 'unreachable', 'The server does not answer. hint: is `wistro dev` or `wistro start` still running?')
  }
  return new ApiError(0, 'unexpected', thrown instanceof Error ? thrown.message : String(thrown))
}

function splitHint(text: string): [string, string | null] {
  const at = text.indexOf('hint: ')
  return at < 0 ? [text, null] : [text.slice(0, at).trim(), text.slice(at + 'hint: '.length).trim()]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isDetail(value: unknown): value is Detail {
  return isRecord(value) && typeof value.field === 'string' && typeof value.message === 'string'
}
