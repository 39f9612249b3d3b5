/** Reads JSON objects of the contract: defaults for what is absent, and a list of what is wrong. */

import type { Issue } from '../errors.js'

type Members = Readonly<Record<string, unknown>>

/**
 * Reads the members of one object. What is wrong is noted in `issues`, and something of the right type
 * given in its place: whoever reads looks at `issues` in the end.
 *
 * Null is a value, not absent.
 */
export class Reader {
  readonly #members: Members

  /** @param path Where the object is in the message; the empty text for the message itself. */
  constructor(
    value: unknown,
    private readonly path = '',
    readonly issues: Issue[] = [],
  ) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    this.#members = isObject ? { ...value } : {}
    if (!isObject) this.#complain(path, value === undefined ? 'is missing' : 'expected an object')
  }

  /** Any value; null when it is absent. */
  any(name: string): unknown {
    return this.#members[name] ?? null
  }

  object(name: string): Reader {
    return new Reader(this.#members[name], this.#field(name), this.issues)
  }

  /** The objects of a list that is not empty. */
  objects(name: string): Reader[] {
    const value = this.#members[name]
    if (!Array.isArray(value) || value.length === 0) {
      return this.#refuse(name, 'expected a list that is not empty', [])
    }
    return value.map((item, index) => new Reader(item, `${this.#field(name)}[${index}]`, this.issues))
  }

  /** The objects by their names; none when it is absent. */
  named(name: string): [string, Reader][] {
    if (this.#members[name] === undefined) return []
    const inner = this.object(name)
    return Object.keys(inner.#members).map((key) => [key, inner.object(key)])
  }

  /** The values by their names, each an object or null; none when it is absent. */
  schemas(name: string): Record<string, Members | null> {
    if (this.#members[name] === undefined) return {}
    const inner = this.object(name)
    return Object.fromEntries(Object.keys(inner.#members).map((key) => [key, inner.schema(key)]))
  }

  /** An object or null; null when it is absent. */
  schema(name: string): Members | null {
    return this.any(name) === null ? null : this.object(name).#members
  }

  text(name: string): string {
    const value = this.#members[name]
    return typeof value === 'string' ? value : this.#refuse(name, 'expected text', '')
  }

  /** Text or null; null when it is absent. */
  optionalText(name: string): string | null {
    return this.any(name) === null ? null : this.text(name)
  }

  /** A list of texts; none when it is absent. */
  texts(name: string): readonly string[] {
    const value = this.#members[name] ?? []
    const fits = Array.isArray(value) && value.every((item) => typeof item === 'string')
    return fits ? (value as string[]) : this.#refuse(name, 'expected a list of texts', [])
  }

  oneOf<T extends string>(name: string, known: readonly [T, ...T[]]): T {
    const found = known.find((word) => word === this.#members[name])
    return found ?? this.#refuse(name, `expected one of ${known.join(', ')}`, known[0])
  }

  flag(name: string): boolean {
    const value = this.#members[name] ?? false
    return typeof value === 'boolean' ? value : this.#refuse(name, 'expected true or false', false)
  }

  /** A number of at least `least`. */
  number(name: string, least = 0): number {
    const value = this.#members[name]
    if (typeof value === 'number' && value >= least) return value
    return this.#refuse(name, `expected a number of at least ${least}`, least)
  }

  /** An integer; `absent` when it is absent and may be. */
  integer(name: string, absent?: number): number {
    const value = this.#members[name] === undefined ? absent : this.#members[name]
    if (typeof value === 'number' && Number.isInteger(value)) return value
    return this.#refuse(name, 'expected an integer', 0)
  }

  #refuse<T>(name: string, message: string, instead: T): T {
    const absent = this.#members[name] === undefined
    this.#complain(this.#field(name), absent ? 'is missing' : message)
    return instead
  }

  #complain(field: string, message: string): void {
    // Of an object that is none, its members need not be complained about.
    const known = this.issues.some((issue) => issue.field === field || isWithin(field, issue.field))
    if (!known) this.issues.push({ field, message })
  }

  #field(name: string): string {
    return this.path ? `${this.path}.${name}` : name
  }
}

function isWithin(field: string, outer: string): boolean {
  return outer === '' || field.startsWith(`${outer}.`)
}

/** What is wrong, in one line. */
export function listed(issues: readonly Issue[]): string {
  return issues
    .map(({ field, message }) => (field ? `\`${field}\` ${message}` : message))
    .join('; ')
}
