/** What a JSON Schema asks for, as a field to draw. Nothing here knows React. */

export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}
export type JsonSchema = Readonly<Record<string, unknown>>

export type TextFormat = 'plain' | 'multiline' | 'date' | 'date-time' | 'time' | 'email' | 'uri' | 'password'

export interface Property {
  name: string
  schema: JsonSchema
  required: boolean
}

export interface Variant {
  label: string
  schema: JsonSchema
}

interface About {
  title: string | null
  description: string | null
  /** Shown in an empty field. */
  example: string | null
  nullable: boolean
}

export type Field = About &
  (
    | { kind: 'object'; properties: Property[]; more: JsonSchema | null }
    | { kind: 'array'; first: JsonSchema[]; items: JsonSchema | null; least: number; most: number }
    | { kind: 'text'; format: TextFormat; shortest: number; longest: number | null }
    | { kind: 'number'; whole: boolean; least: number | null; most: number | null; step: number | null }
    | { kind: 'switch' }
    | { kind: 'choice'; options: { label: string; value: Json }[] }
    | { kind: 'fixed'; value: Json }
    | { kind: 'variants'; variants: Variant[] }
    /** What no field can be drawn for: it is edited as JSON. */
    | { kind: 'raw' }
  )

const DEEPEST = 32
const MULTILINE = 200

/** The field for a schema; references in it start at `root`. */
export function fieldOf(given: JsonSchema, root: JsonSchema): Field {
  const { schema, nullable } = plain(given, root)
  const about: About = {
    title: textOf(schema.title),
    description: textOf(schema.description),
    example: exampleOf(schema),
    nullable,
  }
  if ('const' in schema) return { ...about, kind: 'fixed', value: schema.const as Json }
  if (Array.isArray(schema.enum)) return { ...about, kind: 'choice', options: choices(schema.enum as Json[]) }
  const variants = schemasIn(schema.oneOf) ?? schemasIn(schema.anyOf)
  if (variants) return variantsField(about, schema, variants, root)
  switch (typeOf(schema)) {
    case 'object':
      return { ...about, kind: 'object', ...members(schema) }
    case 'array':
      return { ...about, kind: 'array', ...elements(schema) }
    case 'string':
      return {
        ...about,
        kind: 'text',
        format: formatOf(schema),
        shortest: numberOf(schema.minLength) ?? 0,
        longest: numberOf(schema.maxLength),
      }
    case 'integer':
    case 'number':
      return { ...about, kind: 'number', ...bounds(schema) }
    case 'boolean':
      return { ...about, kind: 'switch' }
    case 'null':
      return { ...about, kind: 'fixed', value: null }
    default:
      return { ...about, kind: 'raw' }
  }
}

/** The schema without references and `allOf`, and without the choice of `null`, which is told beside it. */
export function plain(given: JsonSchema, root: JsonSchema): { schema: JsonSchema; nullable: boolean } {
  let schema = resolve(given, root)
  let nullable = schema.nullable === true
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const options = schemasIn(schema[keyword])
    const rest = options?.filter((option) => resolve(option, root).type !== 'null')
    if (!options || !rest || rest.length === options.length) continue
    nullable = true
    const { [keyword]: _, ...others } = schema
    const only = rest.length === 1 ? rest[0] : undefined
    schema = only ? resolve(merged([resolve(only, root), others]), root) : { ...others, [keyword]: rest }
  }
  if (Array.isArray(schema.type) && schema.type.includes('null')) {
    nullable = true
    const types = schema.type.filter((type) => type !== 'null')
    schema = { ...schema, type: types.length === 1 ? types[0] : types }
  }
  if (nullable && Array.isArray(schema.enum)) {
    schema = { ...schema, enum: schema.enum.filter((value) => value !== null) }
  }
  return { schema, nullable }
}

/** The schema with its references followed and its `allOf` merged, at this level. */
export function resolve(given: JsonSchema, root: JsonSchema): JsonSchema {
  let schema = given
  for (let depth = 0; depth < DEEPEST; depth++) {
    if (typeof schema.$ref === 'string') {
      const { $ref, ...rest } = schema
      const found = lookUp(String($ref), root)
      if (!found) return {}
      // What stands beside a reference says more than what it leads to.
      schema = merged([found, rest])
    } else if (schemasIn(schema.allOf)) {
      const { allOf, ...rest } = schema
      schema = merged([...(schemasIn(allOf) ?? []).map((part) => resolve(part, root)), rest])
    } else return schema
  }
  return {}
}

function lookUp(reference: string, root: JsonSchema): JsonSchema | null {
  if (!reference.startsWith('#')) return null
  let found: unknown = root
  for (const part of reference.slice(1).split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isRecord(found) || Array.isArray(found) ? (found as Record<string, unknown>)[key] : undefined
  }
  return isRecord(found) ? found : null
}

function merged(parts: readonly JsonSchema[]): JsonSchema {
  const all: Record<string, unknown> = {}
  for (const part of parts) {
    for (const [keyword, value] of Object.entries(part)) {
      all[keyword] = keyword in all ? both(keyword, all[keyword], value) : value
    }
  }
  return all
}

/** A keyword that two schemas have, so that it asks for both. */
function both(keyword: string, one: unknown, other: unknown): unknown {
  if (keyword === 'properties' && isRecord(one) && isRecord(other)) {
    const properties: Record<string, unknown> = { ...one }
    for (const [name, schema] of Object.entries(other)) {
      properties[name] = name in one ? { allOf: [one[name], schema] } : schema
    }
    return properties
  }
  if (keyword === 'required' && Array.isArray(one) && Array.isArray(other)) return [...new Set([...one, ...other])]
  if (keyword === 'allOf' && Array.isArray(one) && Array.isArray(other)) return [...one, ...other]
  if (keyword === 'enum' && Array.isArray(one) && Array.isArray(other)) return one.filter((value) => other.includes(value))
  if (typeof one === 'number' && typeof other === 'number') {
    if (/^(min|exclusiveMin)/.test(keyword)) return Math.max(one, other)
    if (/^(max|exclusiveMax)/.test(keyword)) return Math.min(one, other)
  }
  return other
}

function variantsField(about: About, schema: JsonSchema, variants: JsonSchema[], root: JsonSchema): Field {
  const { oneOf: _one, anyOf: _any, title: _title, description: _description, ...shared } = schema
  const named = variants.map((variant, index) => {
    const whole = resolve(merged([shared, resolve(variant, root)]), root)
    return { label: variantName(whole, root, index), schema: whole }
  })
  if (named.every((variant) => 'const' in variant.schema)) {
    const options = named.map(({ label, schema: { const: value } }) => ({ label, value: value as Json }))
    return { ...about, kind: 'choice', options }
  }
  return { ...about, kind: 'variants', variants: named }
}

function variantName(schema: JsonSchema, root: JsonSchema, index: number): string {
  const title = textOf(schema.title)
  if (title) return title
  if ('const' in schema) return labelOf(schema.const as Json)
  const properties = isRecord(schema.properties) ? Object.entries(schema.properties) : []
  for (const [, property] of properties) {
    const tag = isRecord(property) ? resolve(property, root) : {}
    if (typeof tag.const === 'string') return tag.const
  }
  return TYPE_NAMES[String(typeOf(schema))] ?? `Option ${index + 1}`
}

const TYPE_NAMES: Record<string, string> = {
  object: 'Object',
  array: 'List',
  string: 'Text',
  number: 'Number',
  integer: 'Whole number',
  boolean: 'Yes or no',
}

function members(schema: JsonSchema): { properties: Property[]; more: JsonSchema | null } {
  const required = Array.isArray(schema.required) ? (schema.required as string[]) : []
  const declared = isRecord(schema.properties) ? schema.properties : {}
  const names = [...new Set([...Object.keys(declared), ...required])]
  const properties = names.map((name) => ({
    name,
    schema: asSchema(declared[name]) ?? {},
    required: required.includes(name),
  }))
  const given = schema.additionalProperties ?? Object.values(isRecord(schema.patternProperties) ? schema.patternProperties : {})[0]
  // Unsaid, anything may be added; it is offered where nothing else can be.
  const more = given === undefined ? (properties.length ? null : {}) : asSchema(given)
  return { properties, more }
}

function elements(schema: JsonSchema): { first: JsonSchema[]; items: JsonSchema | null; least: number; most: number } {
  const listed = schema.prefixItems ?? (Array.isArray(schema.items) ? schema.items : [])
  const items = Array.isArray(schema.items) ? schema.additionalItems : schema.items
  return {
    first: Array.isArray(listed) ? listed.map((item) => asSchema(item) ?? {}) : [],
    items: items === undefined ? {} : asSchema(items),
    least: numberOf(schema.minItems) ?? 0,
    most: numberOf(schema.maxItems) ?? Number.POSITIVE_INFINITY,
  }
}

function bounds(schema: JsonSchema) {
  const whole = typeOf(schema) === 'integer'
  const least = numberOf(schema.minimum) ?? numberOf(schema.exclusiveMinimum)
  const most = numberOf(schema.maximum) ?? numberOf(schema.exclusiveMaximum)
  return { whole, least, most, step: numberOf(schema.multipleOf) ?? (whole ? 1 : null) }
}

function formatOf(schema: JsonSchema): TextFormat {
  const format = schema.format
  if (format === 'date' || format === 'date-time' || format === 'time' || format === 'email') return format
  if (format === 'uri' || format === 'password') return format
  const long = (numberOf(schema.maxLength) ?? 0) > MULTILINE
  const marked = format === 'multiline' || format === 'textarea' || schema.contentMediaType === 'text/plain'
  return long || marked ? 'multiline' : 'plain'
}

/** The type a schema names, or what its keywords speak of; `undefined` when it is open. */
export function typeOf(schema: JsonSchema): string | undefined {
  if (typeof schema.type === 'string') return schema.type
  if (Array.isArray(schema.type)) return undefined
  if ('properties' in schema || 'additionalProperties' in schema || 'required' in schema) return 'object'
  if ('items' in schema || 'prefixItems' in schema) return 'array'
  if ('minLength' in schema || 'maxLength' in schema || 'pattern' in schema || 'format' in schema) return 'string'
  if ('minimum' in schema || 'maximum' in schema || 'multipleOf' in schema) return 'number'
  return undefined
}

function choices(values: readonly Json[]): { label: string; value: Json }[] {
  return values.map((value) => ({ label: labelOf(value), value }))
}

function labelOf(value: Json): string {
  if (typeof value === 'string') return value || '(empty)'
  return value === null ? 'nothing' : JSON.stringify(value)
}

function exampleOf(schema: JsonSchema): string | null {
  const given = Array.isArray(schema.examples) ? schema.examples[0] : schema.example
  return typeof given === 'string' || typeof given === 'number' ? String(given) : null
}

function schemasIn(found: unknown): JsonSchema[] | null {
  return Array.isArray(found) && found.length ? found.map((each) => asSchema(each) ?? { not: {} }) : null
}

function asSchema(found: unknown): JsonSchema | null {
  if (isRecord(found)) return found
  return found === true ? {} : null
}

function textOf(found: unknown): string | null {
  return typeof found === 'string' && found ? found : null
}

function numberOf(found: unknown): number | null {
  return typeof found === 'number' ? found : null
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

