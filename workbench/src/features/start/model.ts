/** A request to a trigger while it is put together, and what is sent of it. */

import type { Api } from '@/api/client'
import { blankOf } from '@/components/SchemaForm/model'
import type { Json, JsonObject } from '@/components/SchemaForm/schema'

/** Answers have every field: the document calls those optional that have a default. */
type Whole<T> = { [Key in keyof T]-?: Exclude<T[Key], undefined> }

export type Signature = Whole<Api['SignatureView']>
export type Trigger = Omit<Whole<Api['TriggerDetail']>, 'signature'> & { signature: Signature | null }
export type Example = Whole<Api['TriggerExample']>
export type TryRequest = Api['TryRequest']
export type Tried = Whole<Api['Tried']>

export interface Pair {
  name: string
  value: string
}

/** `form` and `json` are two views of one value; `text` is sent as it is. */
export type BodyMode = 'form' | 'json' | 'text'

export interface Draft {
  pathParams: Record<string, string>
  query: Pair[]
  headers: Pair[]
  mode: BodyMode
  body: Json | undefined
  /** What is in the editor: JSON or not yet. */
  text: string
  sign: boolean
  asMyself: boolean
  /** Whether the answer is waited for; otherwise the run's id comes at once. */
  waits: boolean
  /** A duration such as `10m`. */
  after: string
  /** A moment, in ISO 8601. */
  at: string
  key: string
}

/** What a tester starts from: what the trigger says of itself, or what an earlier run was given. */
export function draftOf(trigger: Trigger, example?: Example): Draft {
  const body = (example ? example.body : trigger.has_example ? trigger.example : undefined) as Json | undefined
  const text = example?.text ?? null
  return {
    pathParams: Object.fromEntries(trigger.path_params.map((name) => [name, example?.path_params[name] ?? ''])),
    query: example ? queryPairs(example.query, trigger) : trigger.query_params.map(({ name }) => ({ name, value: '' })),
    headers: example ? pairsOf(example.headers) : usualHeaders(trigger),
    mode: text !== null ? 'text' : trigger.input ? 'form' : 'json',
    body: text !== null || body === null || body === undefined ? blank(trigger) : body,
    text: text ?? asText(body),
    sign: trigger.signature !== null,
    asMyself: trigger.access !== 'open' && trigger.kind !== 'api',
    waits: trigger.answers,
    after: '',
    at: '',
    key: '',
  }
}

function blank(trigger: Trigger): Json | undefined {
  return trigger.input ? blankOf(trigger.input, trigger.input) : undefined
}

/** Headers that handlers of a webhook count on. */
function usualHeaders(trigger: Trigger): Pair[] {
  return trigger.signature?.scheme === 'github' ? [{ name: 'X-GitHub-Event', value: 'push' }] : []
}

function queryPairs(query: Example['query'], trigger: Trigger): Pair[] {
  const given = Object.entries(query).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((each) => ({ name, value: each })))
  const missing = trigger.query_params.filter(({ name }) => !(name in query)).map(({ name }) => ({ name, value: '' }))
  return [...given, ...missing]
}

function pairsOf(table: Record<string, string>): Pair[] {
  return Object.entries(table).map(([name, value]) => ({ name, value }))
}

/** Whether a trigger takes a body at all. */
export function takesBody(trigger: Trigger): boolean {
  return trigger.kind !== 'cron' && !['GET', 'HEAD'].includes(trigger.method ?? '')
}

/** The draft in another mode: what was said goes along, as far as it can. */
export function inMode(draft: Draft, mode: BodyMode): Draft {
  if (mode === draft.mode) return draft
  if (draft.mode === 'form') return { ...draft, mode, text: asText(draft.body) }
  const value = parsed(draft.text)
  return { ...draft, mode, ...(value.ok ? { body: value.value } : {}) }
}

/** Why a draft cannot be sent as it is, or `null`. */
export function obstacle(draft: Draft, trigger: Trigger): string | null {
  if (takesBody(trigger) && draft.mode === 'json' && !parsed(draft.text).ok) return 'The body is not JSON yet.'
  const missing = trigger.path_params.filter((name) => !draft.pathParams[name])
  if (missing.length) return `The path needs ${missing.join(' and ')}.`
  if (draft.after && draft.at) return 'A run starts after a time or at a moment, not both.'
  return null
}

/** What is sent as the body: a value, a text, or nothing. */
export function bodyOf(draft: Draft, trigger: Trigger): { body: Json } | { text: string } | null {
  if (!takesBody(trigger)) return null
  if (draft.mode === 'text') return draft.text ? { text: draft.text } : null
  const found = draft.mode === 'form' ? { ok: true, value: draft.body } : parsed(draft.text)
  const value = found.ok ? found.value : undefined
  if (trigger.kind === 'call') return { body: { input: value ?? null } }
  if (value === undefined) return null
  // As it was typed: who signs a webhook signs its spaces as well.
  return draft.mode === 'json' && trigger.signature ? { text: draft.text } : { body: value }
}

/** The headers of a draft, with what says when and how its run starts. */
export function headersOf(draft: Draft, trigger: Trigger): Pair[] {
  const said = draft.headers.filter(({ name }) => name.trim() !== '')
  const has = (name: string) => said.some((each) => each.name.toLowerCase() === name)
  const body = bodyOf(draft, trigger)
  const added: Pair[] = []
  if (body && !has('content-type')) {
    const json = 'body' in body || draft.mode === 'json'
    added.push({ name: 'Content-Type', value: json ? 'application/json' : 'text/plain; charset=utf-8' })
  }
  if (draft.key) added.push({ name: 'Idempotency-Key', value: draft.key })
  if (draft.after) added.push({ name: 'Wistro-Delay', value: draft.after })
  if (draft.at) added.push({ name: 'Wistro-At', value: draft.at })
  if (!draft.waits && trigger.answers && !has('prefer')) added.push({ name: 'Prefer', value: 'respond-async' })
  return [...added, ...said.map(({ name, value }) => ({ name: name.trim(), value }))]
}

/** The path with its parameters filled in, and the query. */
export function targetOf(draft: Draft, trigger: Trigger): string {
  const path = (trigger.path ?? '/').replaceAll(/\{([^}]+)\}/g, (hole, name: string) => {
    const value = draft.pathParams[name]
    if (value === undefined || value === '') return hole
    return name === trigger.rest_param ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value)
  })
  const query = new URLSearchParams(queryOf(draft).map(({ name, value }) => [name, value]))
  return query.size ? `${path}?${query}` : path
}

function queryOf(draft: Draft): Pair[] {
  return draft.query.filter(({ name, value }) => name.trim() !== '' && value !== '')
}

/** The draft as the server is asked to send it. */
export function tryOf(draft: Draft, trigger: Trigger, flow: string): TryRequest {
  const query: Record<string, string[]> = {}
  for (const { name, value } of queryOf(draft)) query[name] = [...(query[name] ?? []), value]
  return {
    flow,
    trigger: trigger.id,
    path_params: draft.pathParams,
    query,
    headers: Object.fromEntries(headersOf(draft, trigger).map(({ name, value }) => [name, value])),
    ...bodyOf(draft, trigger),
    sign: draft.sign && trigger.signature !== null,
    as_myself: draft.asMyself && trigger.kind === 'call',
    timeout: 60,
  }
}

/** Where errors of the server's belong: below the form of the body. */
export function errorRoot(trigger: Trigger): string {
  return { api: 'body', call: 'input', event: 'data', cron: 'data' }[trigger.kind]
}

/** The fields that an answer says are wrong. */
export function detailsIn(tried: Tried): { field: string; message: string }[] {
  if (tried.status === null || tried.status < 400 || !tried.text) return []
  const found = parsed(tried.text)
  const error = found.ok && isObject(found.value) ? found.value.error : null
  const details = isObject(error) ? error.details : null
  if (!Array.isArray(details)) return []
  return details.flatMap((each) =>
    isObject(each) && typeof each.field === 'string' && typeof each.message === 'string'
      ? [{ field: each.field, message: each.message }]
      : [],
  )
}

/** The statuses of HTTP that people meet, in words. */
const PHRASES: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No content',
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported type',
  422: 'Does not fit',
  429: 'Too many',
  500: 'Failed',
  502: 'No answer',
  503: 'Unavailable',
  504: 'Timed out',
}

export function statusWords(status: number): string {
  const phrase = PHRASES[status]
  return phrase ? `${status} ${phrase}` : String(status)
}

/** The tone of a status: `--wb-<tone>`. */
export function statusTone(status: number | null): 'completed' | 'running' | 'held' | 'failed' {
  if (status === null || status >= 500) return 'failed'
  if (status >= 400) return 'held'
  return status === 202 ? 'running' : 'completed'
}

export function sizeWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

export function parsed(text: string): { ok: true; value: Json | undefined } | { ok: false; value?: undefined } {
  if (!text.trim()) return { ok: true, value: undefined }
  try {
    return { ok: true, value: JSON.parse(text) as Json }
  } catch {
    return { ok: false }
  }
}

function asText(value: Json | undefined): string {
  return value === undefined || value === null ? '' : JSON.stringify(value, null, 2)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
