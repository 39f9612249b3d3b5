/** JSON values: what a message or a result may hold, and the error that says what may not. */

/**
 * Levels of lists and objects in a value. Decoders refuse more than 200, and a value travels inside
 * others: one that is taken must be readable wherever it goes.
 */
export const MAX_DEPTH = 100

const LONE_SURROGATE = /\p{Surrogate}/u

/** A value has a part that JSON cannot carry; the message names the part. */
export class NotJson extends Error {}

/**
 * A JSON copy of `value`: later changes to `value` do not reach it.
 *
 * As `JSON.stringify` sees it (`toJSON` is called, members that are `undefined` are left out, NaN
 * becomes null), except that what it would silently empty is refused: maps, sets, promises, bytes.
 *
 * @throws NotJson
 */
export function jsonable(value: unknown): unknown {
  return copy(value, [])
}

/** Bytes of a JSON value as JSON text. */
export function jsonSize(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? 'null')
}

/** Where we are: the names of the containers around a part, and so also how deep it is. */
type Path = (string | number)[]

function copy(value: unknown, path: Path): unknown {
  switch (typeof value) {
    case 'string':
      if (LONE_SURROGATE.test(value)) throw refusal(path, 'text with half of a surrogate pair')
      return value
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'boolean':
      return value
    case 'undefined':
      return null
    case 'object':
      return value === null ? null : copyObject(value, path)
    default:
      throw refusal(path, `a ${typeof value}`)
  }
}

function copyObject(value: object, path: Path): unknown {
  if (path.length >= MAX_DEPTH) throw new NotJson(`it is nested deeper than ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) return value.map((item, index) => copyPart(item, index, path))
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return copyPart(value.toJSON(path.at(-1) ?? ''), null, path)
  }
  if (isOpaque(value)) throw refusal(path, `a ${value.constructor.name}`)
  const found: Record<string, unknown> = {}
  // What an error says is not enumerable, and would be lost.
  const said = value instanceof Error ? { name: value.name, message: value.message } : {}
  for (const [name, part] of Object.entries({ ...said, ...value })) {
    if (part === undefined) continue
    if (LONE_SURROGATE.test(name)) throw refusal(path, 'a name with half of a surrogate pair')
    set(found, name, copyPart(part, name, path))
  }
  return found
}

function copyPart(value: unknown, name: string | number | null, path: Path): unknown {
  if (name === null) return copy(value, path)
  path.push(name)
  const copied = copy(value, path)
  path.pop()
  return copied
}

function set(object: Record<string, unknown>, name: string, value: unknown): void {
  // Assigned, this name would set the prototype.
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true })
}

function isOpaque(value: object): boolean {
  return (
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Promise ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  )
}

function refusal(path: Path, what: string): NotJson {
  const where = path.map((name) => (typeof name === 'number' ? `[${name}]` : `.${name}`)).join('')
  const place = where ? `\`${where.replace(/^\./, '')}\`` : 'it'
  return new NotJson(`${place} is ${what}, which JSON cannot carry`)
}
