/** An HTTP request as the handler of an api step sees it, and the response that it may return. */

import type { ApiRequest } from '../requests.js'
import { jsonable } from './values.js'

/** By Motia's rules the raw body is text. */
export type Request = Omit<ApiRequest, 'rawBody'> & { readonly rawBody: Buffer | string }

/** The wire form of a response. */
export interface Output {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly body_encoding?: 'base64'
}

/**
 * The request that the data of an api step's invocation stands for.
 *
 * @param asText Whether `rawBody` is text, as it is by Motia's rules.
 */
export function readRequest(data: unknown, asText = false): Request {
  const given = recordOf(data)
  const sent = Buffer.from(textOf(given['raw_body']), 'base64')
  return {
    body: given['body'] ?? null,
    pathParams: recordOf(given['path_params']) as Record<string, string>,
    queryParams: recordOf(given['query_params']) as Record<string, string | string[]>,
    headers: headersOf(recordOf(given['headers'])),
    rawBody: asText ? sent.toString() : sent,
    method: textOf(given['method']),
    path: textOf(given['path']),
  }
}

/**
 * The wire form of what a handler returned: `{ status, body, headers }` is a response, nothing is 204
 * without a body, and anything else is the body of a 200.
 *
 * @throws NotJson When the body has a part that JSON cannot carry.
 */
export function toOutput(returned: unknown): Output {
  if (returned === undefined || returned === null) return { status: 204, headers: {}, body: null }
  const { status, body, headers } = isResponse(returned)
    ? returned
    : { status: 200, body: returned, headers: {} }
  const texts = Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)] as const)
  const form = { status, headers: Object.fromEntries(texts) }
  if (!(body instanceof Uint8Array)) return { ...form, body: jsonable(body) }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return { ...form, body: bytes.toString('base64'), body_encoding: 'base64' }
}

interface Response {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, unknown>> | null
}

function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null || !('status' in value)) return false
  // What has a body beside its status is a response, whatever else it has.
  const known = 'body' in value || Object.keys(value).every((name) => ['status', 'headers'].includes(name))
  return known && Number.isInteger(value.status)
}

/** By their names in lower case, and found in any case (RFC 9110, section 5.1). */
function headersOf(given: Record<string, unknown>): Record<string, string> {
  const members = Object.entries(given).map(([name, value]) => [name.toLowerCase(), String(value)])
  const lowered = (name: string | symbol) => (typeof name === 'string' ? name.toLowerCase() : name)
  return new Proxy(Object.fromEntries(members) as Record<string, string>, {
    get: (headers, name) => Reflect.get(headers, lowered(name)) as unknown,
    has: (headers, name) => Reflect.has(headers, lowered(name)),
  })
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
