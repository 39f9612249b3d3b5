/** What a schema makes of data: defaults filled in, transformations made. */
import { InvalidMessage, type Issue } from '../errors.js'

/** Gives the handler's input; throws `InvalidMessage` for data that does not fit. */
export type Parse = (data: unknown) => Promise<unknown>

interface Failure {
  readonly message: string
  /** Zod's word for the type that it wants. */
  readonly expected?: unknown
  readonly path?: readonly unknown[] | undefined
}

type Outcome =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly Failure[] }

/** The parser of a schema of zod 3 or 4 or another library with Standard Schema; else `null`. */
export function parserOf(schema: unknown, path: string): Parse | null {
  const validate = validatorOf(schema)
  if (validate === null) return null
  return async (data) => {
    let outcome = await validate(data)
    if (outcome.issues !== undefined) outcome = await validate(withDates(data, outcome.issues))
    if (outcome.issues !== undefined) throw refusal(outcome.issues, path)
    // A schema that only leaves out what it does not know has nothing to add: JSON Schemas let
    // unknown members pass, and so did Motia.
    return isPartOf(outcome.value, data) ? data : outcome.value
  }
}

function validatorOf(schema: unknown): ((data: unknown) => Outcome | Promise<Outcome>) | null {
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return null
  const { '~standard': standard, safeParseAsync } = schema as {
    '~standard'?: { validate(data: unknown): Outcome | Promise<Outcome> }
    safeParseAsync?: (data: unknown) => Promise<OldOutcome>
  }
  if (standard !== undefined) return (data) => standard.validate(data)
  if (typeof safeParseAsync !== 'function') return null
  return async (data) => {
    const outcome = await safeParseAsync.call(schema, data)
    return outcome.success ? { value: outcome.data } : { issues: outcome.error.issues }
  }
}

/** What zod before 3.24 says. */
type OldOutcome =
  | { readonly success: true; readonly data: unknown }
  | { readonly success: false; readonly error: { readonly issues: readonly Failure[] } }

/** JSON has no dates: text in the place of one is read as one. */
function withDates(data: unknown, failures: readonly Failure[]): unknown {
  const copy = structuredClone({ data })
  for (const { expected, path = [] } of failures) {
    const keys = ['data', ...path.map(segment)]
    const last = keys.pop() ?? 'data'
    const holder = keys.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), copy)
    if (expected !== 'date' || !isObject(holder)) continue
    const text = holder[last]
    if (typeof text === 'string') holder[last] = new Date(text)
  }
  return copy.data
}

function refusal(failures: readonly Failure[], path: string): InvalidMessage {
  const issues: Issue[] = failures.map(({ message, path: where = [] }) => ({
    field: where.map(segment).join('.'),
    message,
  }))
  const summary = issues.map(({ field, message }) => (field ? `\`${field}\`: ${message}` : message))
  return new InvalidMessage(`the input does not fit the schema of \`${path}\`: ${summary.join('; ')}`, {
    issues,
    hint: 'correct what is sent, or the schema in the config of the step',
  })
}

function segment(part: unknown): string {
  return String(typeof part === 'object' && part !== null && 'key' in part ? part.key : part)
}

/** Whether `part` is `whole` with perhaps some members left out, at any depth. */
function isPartOf(part: unknown, whole: unknown): boolean {
  if (Object.is(part, whole)) return true
  if (Array.isArray(part) && Array.isArray(whole)) {
    return part.length === whole.length && part.every((item, index) => isPartOf(item, whole[index]))
  }
  if (!isPlain(part) || !isPlain(whole)) return false
  return Object.entries(part).every(([name, value]) => isPartOf(value, whole[name]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
