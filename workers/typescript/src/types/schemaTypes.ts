/** TypeScript types of JSON Schemas (draft 2020-12). */

type Json = Readonly<Record<string, unknown>>

const INDENT = '  '
const UNKNOWN = 'unknown'

/**
 * Which side of a message a type describes: a member with a default may be missing from what is sent,
 * and is there in what a handler receives.
 */
export type Side = 'sent' | 'received'

/** Turns schemas into types; a type that holds itself becomes a declaration. */
export class SchemaTypes {
  /** Declarations that the types need, in the order in which they were met. */
  readonly declarations: string[] = []
  readonly #names = new Set<string>()
  /** By schema: what is met twice is converted, and declared, once. */
  readonly #known = new Map<string, string>()

  /**
   * The type of a schema, as text that may stand at any place.
   *
   * @param schema - `null` or nothing: anything.
   * @param name - What a type that holds itself is called after.
   */
  of(schema: unknown, name: string, side: Side = 'sent'): string {
    const text = JSON.stringify(schema ?? null)
    const id = text.includes('"default"') ? `${side} ${text}` : text
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const nameOf = (part: string) => this.#unique(name, part)
    const type = new Conversion(schema, side, nameOf, this.declarations).type(schema)
    this.#known.set(id, type)
    return type
  }

  #unique(name: string, part: string): string {
    const base = pascal(`${name} ${part}`)
    let unique = base
    for (let n = 2; this.#names.has(unique); n += 1) unique = `${base}${n}`
    this.#names.add(unique)
    return unique
  }
}

/** A reference that is being followed; it has a name once it is met again inside itself. */
interface Following {
  name: string | null
}

class Conversion {
  readonly #root: unknown
  readonly #side: Side
  readonly #nameOf: (part: string) => string
  readonly #declarations: string[]
  readonly #following = new Map<string, Following>()
  readonly #declared = new Map<string, string>()

  constructor(root: unknown, side: Side, nameOf: (part: string) => string, declarations: string[]) {
    this.#root = root
    this.#side = side
    this.#nameOf = nameOf
    this.#declarations = declarations
    if (isJson(root)) this.#following.set('#', { name: null })
  }

  type(schema: unknown): string {
    const type = this.#any(schema)
    const name = this.#following.get('#')?.name
    if (name === null || name === undefined) return type
    this.#declarations.push(`type ${name} = ${type}`)
    return name
  }

  #any(schema: unknown): string {
    if (schema === false) return 'never'
    if (!isJson(schema)) return UNKNOWN
    const parts = [this.#reference(schema), this.#values(schema), this.#choices(schema), ...this.#all(schema)]
    return intersection(parts.filter((part) => part !== null))
  }

  #reference(schema: Json): string | null {
    const { $ref: ref } = schema
    if (typeof ref !== 'string') return null
    const declared = this.#declared.get(ref)
    if (declared !== undefined) return declared
    const around = this.#following.get(ref)
    if (around !== undefined) return (around.name ??= this.#nameOf(lastPart(ref)))
    const following: Following = { name: null }
    this.#following.set(ref, following)
    const type = this.#any(lookUp(this.#root, ref))
    this.#following.delete(ref)
    if (following.name === null) return type
    this.#declarations.push(`type ${following.name} = ${type}`)
    this.#declared.set(ref, following.name)
    return following.name
  }

  #values(schema: Json): string | null {
    if ('const' in schema) return literal(schema['const'])
    const { enum: values, type } = schema
    if (Array.isArray(values)) return union(values.map(literal))
    if (Array.isArray(type)) return union(type.map((one) => this.#typed(one, schema)))
    return this.#typed(type ?? implied(schema), schema)
  }

  #typed(type: unknown, schema: Json): string {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type
      case 'number':
      case 'integer':
        return 'number'
      case 'array':
        return this.#array(schema)
      case 'object':
        return this.#object(schema)
      default:
        return UNKNOWN
    }
  }

  #choices(schema: Json): string | null {
    const { anyOf, oneOf } = schema
    const choices = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : null
    return choices === null ? null : union(choices.map((choice) => this.#any(choice)))
  }

  #all(schema: Json): string[] {
    const { allOf } = schema
    return Array.isArray(allOf) ? allOf.map((part) => this.#any(part)) : []
  }

  #array(schema: Json): string {
    const { prefixItems, items, minItems } = schema
    if (!Array.isArray(prefixItems)) return `Array<${this.#any(items)}>`
    const needed = typeof minItems === 'number' ? minItems : 0
    const fixed = prefixItems.map((item, at) => `${member(this.#any(item))}${at < needed ? '' : '?'}`)
    const rest = items === false || needed >= prefixItems.length && items === undefined ? [] : [`...Array<${this.#any(items)}>`]
    return `[${[...fixed, ...rest].join(', ')}]`
  }

  #object(schema: Json): string {
    const { properties, required, additionalProperties: others } = schema
    const named = isJson(properties) ? Object.entries(properties) : []
    if (named.length === 0) {
      return others === false ? 'Record<string, never>' : `Record<string, ${this.#any(others)}>`
    }
    const needed = new Set(Array.isArray(required) ? required : [])
    const lines = named.map(([name, property]) => {
      const filled = this.#side === 'received' && isJson(property) && 'default' in property
      const mark = needed.has(name) || filled ? '' : '?'
      return `${comment(property)}${INDENT}${key(name)}${mark}: ${indented(this.#any(property))}`
    })
    // Members that are merely let pass are left out, so that a misspelt name does not compile.
    if (isJson(others) && Object.keys(others).length > 0) lines.push(`${INDENT}[key: string]: unknown`)
    return `{\n${lines.join('\n')}\n}`
  }
}

/** `text` with each line but the first moved to the right. */
export function indented(text: string): string {
  return text.replaceAll('\n', `\n${INDENT}`)
}

/** A name as it stands in an object type. */
export function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name)
}

/** A JSON value as a type. */
export function literal(value: unknown): string {
  if (typeof value === 'string') {
    return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
  }
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (!isJson(value)) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, inner]) => `${key(name)}: ${literal(inner)}`)
  return `{ ${members.join('; ')} }`
}

/** Any of `types`. */
export function union(types: readonly string[]): string {
  if (types.includes(UNKNOWN)) return UNKNOWN
  const different = [...new Set(types)].filter((type) => type !== 'never')
  return different.length === 0 ? 'never' : different.join(' | ')
}

/** All of `types` at once. */
export function intersection(types: readonly string[]): string {
  const different = [...new Set(types)].filter((type) => type !== UNKNOWN)
  if (different.length < 2) return different[0] ?? UNKNOWN
  return different.map(member).join(' & ')
}

/** `type` as a part of another: a union needs parentheses, one inside braces has them already. */
function member(type: string): string {
  const outside = type.replace(/'(?:[^'\\]|\\.)*'/g, '').replace(/\{[^]*\}|<[^]*>|\[[^]*\]/g, '')
  return outside.includes('|') ? `(${type})` : type
}

function comment(property: unknown): string {
  const { description } = isJson(property) ? property : {}
  if (typeof description !== 'string') return ''
  return `${INDENT}/** ${description.replaceAll('*/', '* /').replace(/\s+/g, ' ').trim()} */\n`
}

/** The type that keywords speak of when the schema names none. */
function implied(schema: Json): string | undefined {
  if ('properties' in schema || 'required' in schema) return 'object'
  return 'prefixItems' in schema || 'items' in schema ? 'array' : undefined
}

function lookUp(root: unknown, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  const parts = ref.slice(1).split('/').slice(1)
  return parts.reduce<unknown>((at, part) => {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    return typeof at === 'object' && at !== null ? (at as Json)[name] : undefined
  }, root)
}

function lastPart(ref: string): string {
  return ref === '#' ? '' : ref.slice(ref.lastIndexOf('/') + 1)
}

function pascal(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return /^[A-Z]/.test(name) ? name : `T${name}`
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
