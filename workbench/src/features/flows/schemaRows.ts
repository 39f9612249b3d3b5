/** A JSON Schema as the rows of a table: what fields there are, for people who read no JSON Schema. */

export type Schema = Readonly<Record<string, unknown>>

export interface SchemaRow {
  /** From the outermost: `lines[].sku`. */
  path: string
  name: string
  depth: number
  type: string
  required: boolean
  description: string | null
  /** What values have to be like: "at least 1", "one of red, blue". */
  rules: string[]
}

const MAX_DEPTH = 6

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': 'date and time', date: 'date', time: 'time', email: 'e-mail address', uri: 'address (URL)', uuid: 'UUID',
  duration: 'duration', ipv4: 'IP address', binary: 'file',
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text', integer: 'whole number', number: 'number', boolean: 'yes or no', null: 'nothing', object: 'object', array: 'list',
}

/** The rows of the fields of a schema; one row, without a name, of a schema of anything but objects. */
export function schemaRows(schema: Schema): SchemaRow[] {
  const root = resolve(schema, schema, [])
  const rows = fieldsOf(root, schema, '', 0, [])
  if (rows.length > 0) return rows
  return [{ path: '', name: '', depth: 0, type: typeOf(root, schema), required: true, description: text(root.description), rules: rulesOf(root) }]
}

function fieldsOf(schema: Schema, root: Schema, prefix: string, depth: number, seen: readonly string[]): SchemaRow[] {
  if (depth > MAX_DEPTH) return []
  const required = new Set(strings(schema.required))
  return propertiesOf(schema, root, seen).flatMap(([name, given]): SchemaRow[] => {
    const field = resolve(given, root, seen)
    const path = prefix ? `${prefix}.${name}` : name
    const row: SchemaRow = {
      path,
      name,
      depth,
      type: typeOf(field, root),
      required: required.has(name),
      description: text(given.description) ?? text(field.description),
      rules: rulesOf(field),
    }
    const trail = reference(given) ? [...seen, reference(given) ?? ''] : seen
    return [row, ...nested(field, root, path, depth, trail)]
  })
}

function nested(field: Schema, root: Schema, path: string, depth: number, seen: readonly string[]): SchemaRow[] {
  const { schema, list } = inner(field, root, seen)
  if (!schema) return []
  // A schema that refers to itself would never end.
  const own = reference(schema)
  if (own && seen.includes(own)) return []
  const trail = own ? [...seen, own] : seen
  return fieldsOf(resolve(schema, root, seen), root, list ? `${path}[]` : path, depth + 1, trail)
}

/** What has the fields of a field: itself, the entries of a list, or the one alternative that is not nothing. */
function inner(field: Schema, root: Schema, seen: readonly string[]): { schema: Schema | null; list: boolean } {
  if (isSchema(field.items)) return { schema: field.items, list: true }
  const choices = alternatives(field).filter((each) => each.type !== 'null')
  const only = choices.length === 1 ? choices[0] : undefined
  if (only) {
    const found = resolve(only, root, seen)
    return isSchema(found.items) ? { schema: found.items, list: true } : { schema: only, list: false }
  }
  return { schema: field, list: false }
}

function propertiesOf(schema: Schema, root: Schema, seen: readonly string[]): [string, Schema][] {
  const own = isSchema(schema.properties) ? Object.entries(schema.properties) : []
  const parts = Array.isArray(schema.allOf) ? schema.allOf.filter(isSchema) : []
  const more = parts.flatMap((part) => propertiesOf(resolve(part, root, seen), root, seen))
  return [...own, ...more].filter((entry): entry is [string, Schema] => isSchema(entry[1]))
}

function typeOf(schema: Schema, root: Schema): string {
  if (Array.isArray(schema.enum)) return 'one of'
  if ('const' in schema) return 'always'
  const choices = alternatives(schema)
  if (choices.length > 0) {
    return unique(choices.map((each) => typeOf(resolve(each, root, []), root))).join(' or ')
  }
  const format = typeof schema.format === 'string' ? FORMATS[schema.format] : undefined
  const types = typeof schema.type === 'string' ? [schema.type] : strings(schema.type)
  const words = types.map((type) => {
    if (type === 'string' && format) return format
    if (type === 'array' && isSchema(schema.items)) return `list of ${plural(typeOf(resolve(schema.items, root, []), root))}`
    return TYPES[type] ?? type
  })
  if (words.length > 0) return words.join(' or ')
  return isSchema(schema.properties) ? 'object' : 'anything'
}

function plural(type: string): string {
  const known: Record<string, string> = { text: 'texts', object: 'objects', 'whole number': 'whole numbers', number: 'numbers', list: 'lists' }
  return known[type] ?? type
}

function rulesOf(schema: Schema): string[] {
  const rules: string[] = []
  const say = (key: string, words: (value: string) => string) => {
    const value = schema[key]
    // Bounds of what a computer can count to: they are there for programs.
    if (typeof value === 'number' && Math.abs(value) >= Number.MAX_SAFE_INTEGER) return
    if (value !== undefined && value !== null) rules.push(words(show(value)))
  }
  if (Array.isArray(schema.enum)) rules.push(schema.enum.map(show).join(', '))
  say('const', (value) => value)
  say('minimum', (value) => `at least ${value}`)
  say('exclusiveMinimum', (value) => `more than ${value}`)
  say('maximum', (value) => `at most ${value}`)
  say('exclusiveMaximum', (value) => `less than ${value}`)
  say('multipleOf', (value) => `a multiple of ${value}`)
  say('minLength', (value) => `at least ${counted(value, 'letter')}`)
  say('maxLength', (value) => `at most ${counted(value, 'letter')}`)
  say('pattern', (value) => `matches ${value}`)
  say('minItems', (value) => `at least ${counted(value, 'entry')}`)
  say('maxItems', (value) => `at most ${counted(value, 'entry')}`)
  if (schema.uniqueItems === true) rules.push('no entry twice')
  say('default', (value) => `${value} if not given`)
  return rules
}

function counted(count: string, noun: string): string {
  if (count === '1') return `1 ${noun}`
  return `${count} ${noun === 'entry' ? 'entries' : `${noun}s`}`
}

function alternatives(schema: Schema): Schema[] {
  const found = schema.anyOf ?? schema.oneOf
  return Array.isArray(found) ? found.filter(isSchema) : []
}

function reference(schema: Schema): string | null {
  return typeof schema.$ref === 'string' ? schema.$ref : null
}

/** The schema that a reference within the document means; itself when there is none. */
function resolve(schema: Schema, root: Schema, seen: readonly string[]): Schema {
  const ref = reference(schema)
  if (!ref?.startsWith('#') || seen.length > 40) return schema
  let at: unknown = root
  for (const part of ref.slice(1).split('/').filter(Boolean)) {
    at = isSchema(at) ? at[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  }
  return isSchema(at) ? resolve(at, root, [...seen, ref]) : schema
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value ? value : null
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
