/** The values of a form: blank ones, changed ones, and what is wrong with them. */

import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema'
import { type Field, fieldOf, isRecord, type Json, type JsonObject, type JsonSchema, resolve } from './schema'

export type Path = readonly (string | number)[]

/** Something wrong with a field; `field` is its dotted path, '' for the whole. */
export interface FieldError {
  field: string
  message: string
}

/** What a new field starts with; `undefined` where nothing sensible can be said. */
export function blankOf(given: JsonSchema, root: JsonSchema, depth = 0): Json | undefined {
  const schema = resolve(given, root)
  if ('const' in schema) return schema.const as Json
  if ('default' in schema) return schema.default as Json
  const field = fieldOf(given, root)
  if (field.nullable || depth > 12) return field.nullable ? null : undefined
  switch (field.kind) {
    case 'object': {
      const value: JsonObject = {}
      for (const { name, schema: inner, required } of field.properties) {
        const blank = required || 'default' in resolve(inner, root) ? blankOf(inner, root, depth + 1) : undefined
        if (blank !== undefined) value[name] = blank
      }
      return value
    }
    case 'array': {
      const least = Math.max(field.least, 0)
      const blanks = Array.from({ length: Math.min(least, 50) }, (_, index) => field.first[index] ?? field.items ?? {})
      return blanks.map((item) => blankOf(item, root, depth + 1) ?? null)
    }
    case 'variants':
      return field.variants[0] ? blankOf(field.variants[0].schema, root, depth + 1) : undefined
    case 'fixed':
      return field.value
    case 'text':
      return field.format === 'plain' || field.format === 'multiline' ? '' : undefined
    case 'switch':
      return false
    case 'choice':
      return field.options.length === 1 ? field.options[0]?.value : undefined
    default:
      return undefined
  }
}

/** What is wrong with a value, each at its field. */
export function errorsIn(schema: JsonSchema, value: Json | undefined): FieldError[] {
  if (value === undefined) return [{ field: '', message: 'A value is needed.' }]
  let units: OutputUnit[]
  try {
    units = new Validator(schema as Schema, '2020-12', false).validate(value).errors
  } catch {
    return [] // a reference that leads nowhere: the server will tell
  }
  const found = new Map<string, FieldError>()
  for (const unit of ownErrors(units, schema, value)) {
    const error = asFieldError(unit)
    if (error && !found.has(`${error.field}\n${error.message}`)) found.set(`${error.field}\n${error.message}`, error)
  }
  return [...found.values()]
}

export function isValid(schema: JsonSchema, value: Json | undefined): boolean {
  return errorsIn(schema, value).length === 0
}

const CONTAINERS = new Set([
  'properties', 'items', 'prefixItems', 'allOf', '$ref', 'patternProperties', 'if', 'then', 'else',
  'dependentSchemas', 'propertyNames', 'contains', 'unevaluatedProperties', 'unevaluatedItems',
])

/** Only what says something by itself: not that a part of a part is wrong, nor why choices do not fit. */
function ownErrors(units: readonly OutputUnit[], schema: JsonSchema, value: Json): OutputUnit[] {
  const choices = units.filter((unit) => unit.keyword === 'anyOf' || unit.keyword === 'oneOf')
  return units.filter((unit) => {
    if (CONTAINERS.has(unit.keyword)) return false
    if (unit.keyword === 'additionalProperties' && /does not match additional/.test(unit.error)) return false
    for (const choice of choices) {
      const below = `${choice.keywordLocation}/`
      if (unit === choice) {
        // The choice that is meant tells more than that none fits.
        const branch = `${below}${meant(choice, schema, value)}/`
        return !units.some((other) => other !== unit && within(other, branch))
      }
      if (within(unit, below) && !within(unit, `${below}${meant(choice, schema, value)}/`)) return false
    }
    return true
  })
}

function within(unit: OutputUnit, prefix: string): boolean {
  return unit.keywordLocation.startsWith(prefix)
}

/** Which of the choices at a place the value there seems to be meant for. */
function meant(choice: OutputUnit, root: JsonSchema, value: Json): number {
  const options = followed(choice.keywordLocation, root)
  if (!Array.isArray(options)) return 0
  return closest(options as JsonSchema[], at(value, pathOf(choice.instanceLocation)), root)
}

/** What a keyword's location leads to; references on its way are followed. */
function followed(location: string, root: JsonSchema): unknown {
  let found: unknown = root
  for (const key of pathOf(location)) {
    if (isRecord(found) && typeof found.$ref === 'string' && key === '$ref') found = resolve({ $ref: found.$ref }, root)
    else found = isRecord(found) || Array.isArray(found) ? (found as Record<string | number, unknown>)[key] : undefined
  }
  return found
}

/** The option that a value fits, or comes nearest to: by its constants, then by its kind. */
export function closest(options: readonly JsonSchema[], value: Json | undefined, root: JsonSchema): number {
  let best = 0
  let most = -1
  options.forEach((option, index) => {
    const likeness = likenessOf(option, value, root)
    if (likeness > most) [best, most] = [index, likeness]
  })
  return best
}

function likenessOf(option: JsonSchema, value: Json | undefined, root: JsonSchema): number {
  if (value === undefined) return 0
  const whole = { $defs: root.$defs, definitions: root.definitions, ...option }
  if (isValid(whole, value)) return 1_000
  const field = fieldOf(option, root)
  if (field.kind === 'object' && isRecord(value)) {
    let likeness = 1
    for (const { name, schema, required } of field.properties) {
      const inner = fieldOf(schema, root)
      if (inner.kind === 'fixed' && name in value) likeness += inner.value === value[name] ? 100 : -100
      else if (name in value) likeness += required ? 2 : 1
    }
    return Math.max(0, likeness)
  }
  const kinds: Record<string, boolean> = {
    array: Array.isArray(value),
    text: typeof value === 'string',
    number: typeof value === 'number',
    switch: typeof value === 'boolean',
    fixed: field.kind === 'fixed' && field.value === value,
  }
  return kinds[field.kind] ? 1 : 0
}

function asFieldError({ keyword, error, instanceLocation }: OutputUnit): FieldError | null {
  const path = pathOf(instanceLocation)
  const said = /"([^"]*)"/g
  if (keyword === 'required') {
    const name = [...error.matchAll(said)].at(-1)?.[1]
    return { field: fieldAt(name === undefined ? path : [...path, name]), message: 'This is required.' }
  }
  if (keyword === 'type') {
    const expected = [...error.matchAll(said)].slice(1).map((found) => WORDS[found[1] ?? ''] ?? found[1])
    return { field: fieldAt(path), message: `Expected ${expected.join(' or ')}.` }
  }
  if (keyword === 'additionalProperties' || keyword === 'false') return { field: fieldAt(path), message: 'This is not expected here.' }
  if (keyword === 'const') return { field: fieldAt(path), message: error.replace('Instance does not match', 'Expected') }
  return { field: fieldAt(path), message: boundWords(keyword, error) ?? error.replace(/^Instance/, 'The value') }
}

/** What is wrong with a size, a format or a pattern, for people. */
function boundWords(keyword: string, error: string): string | null {
  const bound = /(-?[\d.e+]+)\)?\.$/.exec(error)?.[1] ?? ''
  const said = /"([^]*)"\.$/.exec(error)?.[1] ?? ''
  const many = (noun: string) => `${bound} ${noun}${bound === '1' ? '' : 's'}`
  switch (keyword) {
    case 'minimum':
      return `Expected ${bound} or more.`
    case 'exclusiveMinimum':
      return `Expected more than ${bound}.`
    case 'maximum':
      return `Expected ${bound} or less.`
    case 'exclusiveMaximum':
      return `Expected less than ${bound}.`
    case 'multipleOf':
      return `Expected a multiple of ${bound}.`
    case 'minLength':
      return bound === '1' ? 'This must not be empty.' : `Expected at least ${many('character')}.`
    case 'maxLength':
      return `Expected at most ${many('character')}.`
    case 'minItems':
      return `Expected at least ${many('item')}.`
    case 'maxItems':
      return `Expected at most ${many('item')}.`
    case 'format':
      return `This is not a valid ${said}.`
    case 'pattern':
      return 'This does not have the expected form.'
    default:
      return null
  }
}

const WORDS: Record<string, string> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
}

/** The path that a JSON pointer such as `#/lines/0` names. */
function pathOf(pointer: string): string[] {
  return pointer
    .replace(/^#/, '')
    .split('/')
    .slice(1)
    .map((part) => decodeURI(part).replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** A path as errors name it: `lines.0.count`. */
export function fieldAt(path: Path): string {
  return path.join('.')
}

/** Errors of the server's below `prefix`, as errors of a form: `body.lines` is its `lines`. */
export function errorsBelow(details: readonly FieldError[], prefix: string): FieldError[] {
  return details
    .filter(({ field }) => field === prefix || field.startsWith(`${prefix}.`))
    .map(({ field, message }) => ({ field: field.slice(prefix.length + 1), message }))
}

function at(value: Json | undefined, path: Path): Json | undefined {
  let found: Json | undefined = value
  for (const key of path) {
    found = typeof found === 'object' && found !== null ? (found as JsonObject)[key] : undefined
  }
  return found
}

/** The object with a key set, or without it when `value` is `undefined`. */
export function withKey(object: JsonObject, key: string, value: Json | undefined): JsonObject {
  const { [key]: _, ...rest } = object
  if (value === undefined) return rest
  return key in object ? { ...object, [key]: value } : { ...rest, [key]: value }
}

/** The object with a key renamed in its place; unchanged when there is another one of that name. */
export function renamed(object: JsonObject, from: string, to: string): JsonObject {
  if (from === to || to in object) return object
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key === from ? to : key, value]))
}

/** A name that the object does not have yet. */
export function freshKey(object: JsonObject): string {
  for (let number = 1; ; number++) {
    if (!(`key${number}` in object)) return `key${number}`
  }
}

/** The list with an item moved by so many places. */
export function moved(list: readonly Json[], index: number, by: number): Json[] {
  const next = [...list]
  const [item] = next.splice(index, 1)
  if (item !== undefined) next.splice(index + by, 0, item)
  return next
}

/** The text of a value, for an editor. */
export function asText(value: Json | undefined): string {
  return value === undefined ? '' : JSON.stringify(value, null, 2)
}

/** Whether a field has so little in it that it stands in one line. */
export function isSmall(field: Field): boolean {
  return !['object', 'array', 'variants', 'raw'].includes(field.kind)
}
