/** From a config as a step file has it to JSON. */
import { SetupError } from '../errors.js'
import { isSchema, jsonSchemaOf } from './jsonSchemas.js'

type Table = Readonly<Record<string, unknown>>

/** Lists of error classes: policies know errors by the names of their classes. */
const ERROR_CLASSES = ['retry.terminal']

/** The JSON form of a config without the members in `leaveOut`; throws a `SetupError` naming a field. */
export function configToJson(config: Table, path: string, leaveOut: readonly string[]): Table {
  const kept = Object.entries(config).filter(([name]) => !leaveOut.includes(name))
  return new Reading(path).table(Object.fromEntries(kept), '')
}

class Reading {
  readonly #path: string
  /** The objects that the value is in: one that is there already holds itself. */
  readonly #around: object[] = []

  constructor(path: string) {
    this.#path = path
  }

  table(value: Table, field: string): Table {
    const members: [string, unknown][] = []
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue
      members.push([name, this.#json(member, field === '' ? name : `${field}.${name}`)])
    }
    return Object.fromEntries(members)
  }

  #json(value: unknown, field: string): unknown {
    if (isSchema(value)) return this.#schema(value, field)
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number' && Number.isFinite(value)) return value
    if (typeof value === 'function') return this.#name(value, field)
    if (typeof value !== 'object') throw this.#refusal(field, `\`${String(value)}\``)
    if (this.#around.includes(value)) throw this.#refusal(field, 'an object that holds itself')
    this.#around.push(value)
    try {
      if (Array.isArray(value)) return value.map((item, index) => this.#json(item, `${field}[${index}]`))
      if (!isPlain(value)) throw this.#refusal(field, `a \`${nameOf(value)}\``)
      return this.table(value, field)
    } finally {
      this.#around.pop()
    }
  }

  #schema(value: object, field: string): unknown {
    try {
      return jsonSchemaOf(value, this.#path)
    } catch (error) {
      const { hint } = error as { hint?: string }
      const why = error instanceof Error ? error.message : String(error)
      throw new SetupError(`\`${field}\` has no JSON Schema: ${why}`, {
        code: 'bad_config',
        hint: hint ?? 'use types that JSON has, or write the JSON Schema in its place',
        file: this.#path,
        field,
      })
    }
  }

  #name(value: object, field: string): string {
    const list = field.replace(/\[\d+\]$/, '')
    if (ERROR_CLASSES.includes(list) && 'name' in value && typeof value.name === 'string') return value.name
    throw this.#refusal(field, 'a function')
  }

  #refusal(field: string, found: string): SetupError {
    return new SetupError(`\`${field}\`: expected plain data or a schema, found ${found}`, {
      code: 'bad_config',
      hint: 'a config holds text, numbers, lists, tables, and schemas of zod or JSON Schema',
      file: this.#path,
      field,
    })
  }
}

function isPlain(value: object): value is Table {
  const prototype: unknown = Object.getPrototypeOf(value)
  // A plain object of another realm or module system has a prototype whose own prototype is null.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function nameOf(value: object): string {
  return value.constructor.name
}
