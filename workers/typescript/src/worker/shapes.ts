/** What data must look like: checked when it arrives, and when a handler sends it. */

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'

import { InvalidMessage, type Issue } from '../errors.js'
import { jsonable, NotJson } from './values.js'

/** Issues that an error message spells out; all of them are in its details. */
const SHOWN = 5

export type JsonSchema = Readonly<Record<string, unknown>>

/** A check of data; without a schema, everything that JSON can carry passes. */
export class Shape {
  #validate: ValidateFunction | undefined

  /** Take a JSON Schema (draft 2020-12). It is compiled when it is first used. */
  constructor(private readonly schema: JsonSchema | null) {}

  /**
   * Check a JSON value.
   *
   * @param what What the value is, for the error.
   * @throws InvalidMessage It begins with `what` and names every field that is wrong.
   */
  check(data: unknown, what: string): void {
    if (this.schema === null) return
    this.#validate ??= compile(this.schema)
    if (this.#validate(data)) return
    throw misfit(what, issuesOf(this.#validate.errors ?? []))
  }

  /**
   * The JSON value of what a handler gave, checked.
   *
   * @throws InvalidMessage It begins with `what` and names every part that is wrong.
   */
  dump(value: unknown, what: string): unknown {
    const data = toJson(value, what)
    this.check(data, what)
    return data
  }
}

/** Accepts every JSON value. */
export const ANYTHING = new Shape(null)

function toJson(value: unknown, what: string): unknown {
  try {
    return jsonable(value)
  } catch (error) {
    if (!(error instanceof NotJson)) throw error
    throw new InvalidMessage(`${what} cannot be sent: ${error.message}`, {
      hint: 'send objects, lists, strings, numbers, booleans and null, and `await` what is a promise',
    })
  }
}

function compile(schema: JsonSchema): ValidateFunction {
  // What the schema says it is written in is left out: other drafts pass for this one.
  const { $schema: _, ...rest } = schema
  // One instance for each: schemas of different steps may have the same `$id`.
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    validateSchema: false,
    validateFormats: false,
    addUsedSchema: false,
    logger: false,
  })
  return ajv.compile(rest)
}

function issuesOf(errors: readonly ErrorObject[]): Issue[] {
  // Of alternatives, one line that none fits; what is wrong with each would mislead.
  const choices = errors
    .filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
    .map(({ schemaPath }) => `${schemaPath}/`)
  return errors
    .filter(({ keyword }) => keyword !== 'if')
    .filter(({ schemaPath }) => !choices.some((choice) => schemaPath.startsWith(choice)))
    .map((error) => ({ field: fieldOf(error), message: messageOf(error) }))
}

function fieldOf({ keyword, instancePath, params }: ErrorObject): string {
  const path = instancePath.split('/').slice(1).map(unescape)
  if (keyword === 'required') path.push(String(params['missingProperty']))
  return path.map(segment).join('').replace(/^\./, '')
}

function messageOf({ keyword, message, params }: ErrorObject): string {
  if (keyword === 'required') return 'is missing'
  if (keyword === 'additionalProperties') {
    return `must not have the member \`${String(params['additionalProperty'])}\``
  }
  if (keyword === 'enum') return `must be one of ${brief(JSON.stringify(params['allowedValues']))}`
  return message ?? 'does not fit'
}

function segment(part: string): string {
  return /^\d+$/.test(part) ? `[${part}]` : `.${part}`
}

/** RFC 6901. */
function unescape(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}

function brief(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`
}

/** The error for data that does not fit: it begins with `what` and names every field that is wrong. */
export function misfit(what: string, issues: readonly Issue[]): InvalidMessage {
  const shown = issues
    .slice(0, SHOWN)
    .map(({ field, message }) => (field ? `\`${field}\`: ${message}` : message))
    .join('; ')
  const more = issues.length > SHOWN ? `; and ${issues.length - SHOWN} more` : ''
  return new InvalidMessage(`${what} does not fit its schema: ${shown}${more}`, {
    issues,
    hint: 'change the sender or the schema so that the two agree',
  })
}
