/**
 * The error tree, split by who must act.
 *
 * ```
 * WistroError
 * ├── SetupError            fix the project: a step file, the environment
 * ├── StepError             what a handler throws to say how its delivery goes on
 * │   ├── Terminal          the delivery has failed; do not try again
 * │   │   └── InvalidMessage     data that its schema refuses
 * │   └── Retryable         try again, perhaps not before a moment
 * └── StoreError            a store is away or refuses
 * ```
 */
import { seconds, type Duration } from './durations.js'

/** One thing that is wrong with a value: which field, why, and how to mend it. */
export interface Issue {
  readonly field: string
  readonly message: string
  readonly hint?: string
}

/** What every error may say beside its message. */
export interface ErrorOptions {
  /** A word for programs; each class has a default. */
  readonly code?: string
  /** How to mend it, for people. */
  readonly hint?: string
  /** Structured fields, plain JSON data. */
  readonly details?: Readonly<Record<string, unknown>>
  /** The error that caused this one. */
  readonly cause?: unknown
}

const KINDS = Symbol.for('wistro.errors')

/** The root of every error that Wistro throws on purpose. */
export class WistroError extends Error {
  /** What the class is called across copies of this package; see `Symbol.hasInstance` below. */
  protected static readonly kind: string = 'WistroError'

  readonly code: string
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>
  /** Whether the same call may succeed later. */
  readonly retryable: boolean

  constructor(message: string, options: ErrorOptions & { retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = options.code ?? 'error'
    this.hint = options.hint
    this.details = { ...options.details }
    this.retryable = options.retryable ?? false
    Object.defineProperty(this, KINDS, { value: kindsOf(new.target) })
  }

  /**
   * A project may load this package twice: as ES modules and as CommonJS, or its own copy beside the
   * worker's. An error of either copy is an instance of the class of the other.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true
    // A class of the project's own has no kind: only what it made is of it.
    if (!Object.hasOwn(this, 'kind') || typeof value !== 'object' || value === null) return false
    const kinds = (value as { readonly [KINDS]?: unknown })[KINDS]
    return Array.isArray(kinds) && kinds.includes(this.kind)
  }

  override toString(): string {
    const text = `${this.name}: ${this.message}`
    return this.hint ? `${text}\nhint: ${this.hint}` : text
  }
}

/** The project or its environment is not right: somebody must change something. */
export class SetupError extends WistroError {
  protected static override readonly kind: string = 'SetupError'

  /** The file to change, when one is known. */
  readonly file: string | undefined
  /** The line in it, counted from 1. */
  readonly line: number | undefined
  /** The field of the config, such as `subscribes[0]`. */
  readonly field: string | undefined

  constructor(
    message: string,
    options: ErrorOptions & { file?: string; line?: number; field?: string } = {},
  ) {
    super(message, { code: 'setup_error', ...options })
    this.file = options.file
    this.line = options.line
    this.field = options.field
  }
}

/** What a handler throws to say how its delivery goes on: `Terminal` or `Retryable`. */
export class StepError extends WistroError {
  protected static override readonly kind: string = 'StepError'

  constructor(message: string, options: ErrorOptions & { retryable?: boolean } = {}) {
    super(message, { code: 'handler_error', retryable: true, ...options })
  }
}

/** The delivery has failed and trying again cannot help; the step's `onFailure` decides. */
export class Terminal extends StepError {
  protected static override readonly kind: string = 'Terminal'

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'terminal', ...options, retryable: false })
  }
}

/** Data does not fit the schema it was declared with. */
export class InvalidMessage extends Terminal {
  protected static override readonly kind: string = 'InvalidMessage'

  /** Each field that does not fit, and why. */
  readonly issues: readonly Issue[]

  constructor(message: string, options: ErrorOptions & { issues?: readonly Issue[] } = {}) {
    const issues = options.issues ?? []
    const found = issues.map(({ field, message: why }) => ({ field, message: why }))
    super(message, {
      code: 'validation_failed',
      ...options,
      details: { ...options.details, ...(found.length > 0 ? { issues: found } : {}) },
    })
    this.issues = issues
  }
}

/** The delivery failed for a reason that passes; it is attempted again under its policy. */
export class Retryable extends StepError {
  protected static override readonly kind: string = 'Retryable'

  /** Seconds to wait at least before the next attempt. */
  readonly retryAfter: number | undefined

  constructor(message: string, options: ErrorOptions & { retryAfter?: Duration } = {}) {
    super(message, { code: 'retryable', ...options, retryable: true })
    this.retryAfter = options.retryAfter === undefined ? undefined : seconds(options.retryAfter)
  }
}

/** A store cannot be reached, is full, or refuses what it was given. */
export class StoreError extends WistroError {
  protected static override readonly kind: string = 'StoreError'

  constructor(message: string, options: ErrorOptions & { retryable?: boolean } = {}) {
    super(message, { code: 'store_error', retryable: true, ...options })
  }
}

function kindsOf(type: unknown): readonly string[] {
  const kinds: string[] = []
  for (let each = type; typeof each === 'function'; each = Object.getPrototypeOf(each)) {
    const kind: unknown = Object.getOwnPropertyDescriptor(each, 'kind')?.value
    if (typeof kind === 'string') kinds.push(kind)
  }
  return kinds
}
