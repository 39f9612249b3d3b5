/** Secrets for handlers, and the mask that keeps them out of logs and errors. */

import type { Secrets } from '../context.js'
import { Terminal } from '../errors.js'
import type { ErrorInfo } from './contract.js'
import { jsonable, NotJson } from './values.js'

/** Shorter values are not masked: they would blot out half of a log and protect nothing. */
const SHORTEST = 4
const MASKED = '•••'

export type Fields = Readonly<Record<string, unknown>>

/** Hides the values it was told of. */
export class Mask {
  readonly #values = new Set<string>()
  #pattern: RegExp | null = null

  /** Hide `value`, and each line of one that has several, from now on. */
  add(value: string): void {
    const before = this.#values.size
    for (const text of [value, ...value.split(/\r?\n/)]) {
      if (text.trim().length >= SHORTEST) this.#values.add(text.trim())
    }
    if (this.#values.size === before) return
    // The longest first: a secret may contain another.
    const longest = [...this.#values].sort((one, other) => other.length - one.length)
    this.#pattern = new RegExp(longest.map(escaped).join('|'), 'g')
  }

  /** `text` without the values. */
  text(text: string): string {
    return this.#pattern === null ? text : text.replaceAll(this.#pattern, MASKED)
  }

  /** A JSON value without the values, in its names too. */
  value(value: unknown): unknown {
    if (this.#pattern === null) return value
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.value(item))
    if (typeof value !== 'object' || value === null) return value
    const members = Object.entries(value)
    return Object.fromEntries(members.map(([name, item]) => [this.text(name), this.value(item)]))
  }

  /** An error without the values. */
  error(error: ErrorInfo): ErrorInfo {
    if (this.#pattern === null) return error
    return {
      ...error,
      message: this.text(error.message),
      stack: error.stack === null ? null : this.text(error.stack),
      details: this.value(error.details),
    }
  }

  /** The fields of a log line as JSON without the values; what is not JSON becomes text. */
  fields(fields: unknown): Fields {
    if (fields === undefined || fields === null) return {}
    const named = typeof fields === 'object' && !Array.isArray(fields) && !(fields instanceof Error)
    const members = named ? Object.entries(fields) : [['value', fields] as const]
    return Object.fromEntries(
      members.map(([name, value]) => [this.text(name), this.#field(value)]),
    )
  }

  #field(value: unknown): unknown {
    try {
      return this.value(jsonable(value))
    } catch (error) {
      return this.text(error instanceof NotJson ? `(${error.message})` : String(error))
    }
  }
}

/** Secrets from environment variables. */
export class EnvironmentSecrets implements Secrets {
  constructor(
    private readonly mask: Mask,
    private readonly environment: NodeJS.ProcessEnv = process.env,
  ) {}

  get = (name: string): string => {
    const value = this.environment[name]
    if (value === undefined) {
      throw new Terminal(`There is no secret \`${name}\``, {
        code: 'unknown_secret',
        hint: `set the environment variable \`${name}\` of the worker, and restart it`,
      })
    }
    this.mask.add(value)
    return value
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
