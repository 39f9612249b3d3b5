/** The text of key files: a ring of masters, or the exported keys of some flows. `SPEC.md` section 2. */

import { CodecError } from './errors.js'
import { FlowKey, FlowKeys, KEY_SIZE, type Keys, KeyRing, MASTER_ID, parseKeyId } from './keys.js'

const RING_FORMAT = 'wistro-keys/1'
const EXPORT_FORMAT = 'wistro-flow-keys/1'
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
/** RFC 3339 with an offset. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

interface Record {
  readonly id: string
  readonly secret: Uint8Array
}

/** What is wrong with a key file; becomes a `CodecError` that says where. */
class Problem extends Error {}

/**
 * Read the text of a key file.
 *
 * @param source Where it came from, for errors.
 * @throws CodecError `key_file_invalid`.
 */
export function parseKeys(text: string, source: string): Keys {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw invalidKeyFile(source, 'JSON was expected')
  }
  try {
    return isObject(document) && 'keys' in document ? parseExport(document) : parseRing(document)
  } catch (error) {
    if (error instanceof Problem) throw invalidKeyFile(source, error.message)
    if (error instanceof CodecError) throw invalidKeyFile(source, error.message.split('.\n')[0] ?? '')
    throw error
  }
}

/** The error for a key file that cannot be understood. */
export function invalidKeyFile(source: string, problem: string): CodecError {
  return new CodecError(
    'key_file_invalid',
    `${source} is not a key file: ${problem}.`,
    'restore it from a backup; without its masters old payloads cannot be read',
  )
}

function parseRing(document: unknown): KeyRing {
  const { active, records } = parseDocument(document, RING_FORMAT, 'masters')
  for (const { id } of records) {
    if (!MASTER_ID.test(id)) throw new Problem(`${JSON.stringify(id)} is not the id of a master`)
  }
  return new KeyRing(records, active)
}

function parseExport(document: unknown): FlowKeys {
  const { active, records } = parseDocument(document, EXPORT_FORMAT, 'keys')
  const keys = records.map(({ id, secret }) => {
    const { flow, tenant } = parseKeyId(id)
    return new FlowKey(id, flow, tenant, secret)
  })
  return new FlowKeys(keys, active)
}

function parseDocument(
  document: unknown,
  format: string,
  list: string,
): { active: string; records: Record[] } {
  const fields = fieldsOf(document, ['format', 'active', list])
  if (fields['format'] !== format) {
    throw new Problem(`the format \`${format}\` was expected, ${JSON.stringify(fields['format'])} found`)
  }
  const active = textOf(fields, 'active')
  if (!MASTER_ID.test(active)) {
    throw new Problem(`\`active\` must be the id of a master, ${JSON.stringify(active)} found`)
  }
  const found = fields[list]
  if (!Array.isArray(found)) throw new Problem(`\`${list}\` must be a list`)
  const records = found.map(parseRecord)
  if (new Set(records.map(({ id }) => id)).size < records.length) {
    throw new Problem(`two of the \`${list}\` have the same id`)
  }
  return { active, records }
}

function parseRecord(record: unknown): Record {
  const fields = fieldsOf(record, ['id', 'created', 'secret'])
  const id = textOf(fields, 'id')
  const created = textOf(fields, 'created')
  if (!MOMENT.test(created) || Number.isNaN(Date.parse(created))) {
    throw new Problem(`\`created\` of the key \`${id}\` is no RFC 3339 time with an offset`)
  }
  const secret = textOf(fields, 'secret')
  if (!BASE64.test(secret)) throw new Problem(`the secret of the key \`${id}\` is not base64`)
  const bytes = Buffer.from(secret, 'base64')
  if (bytes.length !== KEY_SIZE) {
    throw new Problem(`the secret of the key \`${id}\` must have ${KEY_SIZE} bytes`)
  }
  return { id, secret: bytes }
}

function fieldsOf(value: unknown, names: readonly string[]): { [name: string]: unknown } {
  if (!isObject(value)) {
    throw new Problem(`an object with ${names.map((name) => `\`${name}\``).join(', ')} was expected`)
  }
  const unknown = Object.keys(value).filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Problem(`the fields ${unknown.join(', ')} are unknown`)
  const missing = names.filter((name) => !Object.hasOwn(value, name))
  if (missing.length > 0) throw new Problem(`the fields ${missing.join(', ')} are missing`)
  return value
}

function textOf(fields: { [name: string]: unknown }, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw new Problem(`\`${name}\` must be text`)
  return value
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
