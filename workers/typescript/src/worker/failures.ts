/** From an error to its portable form: which code, whether to retry, and the frames that matter. */

import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Retryable, StepError, WistroError } from '../errors.js'
import { isOwn } from '../loader/files.js'
import type { ErrorInfo } from './contract.js'
import { jsonable, jsonSize } from './values.js'

/** Characters of a message and of a stack: enough to read, never too large to send. */
const LIMIT = 16_000
const DETAILS_LIMIT = 4 * LIMIT
/** Errors behind errors that a stack shows. */
const CAUSES = 5
/** Of this package; the last part is `src` or `dist`. */
const OURS = fileURLToPath(new URL('..', import.meta.url))

/** An attempt failed; `info` is the error in its portable form. */
export class StepFailed extends Error {
  constructor(readonly info: ErrorInfo) {
    super(info.message)
  }
}

/** What is known where an error is described. */
export interface Circumstances {
  /** Names of error classes that are never retried, those of base classes included. */
  readonly terminal?: readonly string[]
  /** The project's folder: its frames are the ones that the stack shows. */
  readonly root?: string | undefined
}

/** The portable form of what a handler threw. */
export function describe(error: unknown, { terminal = [], root }: Circumstances = {}): ErrorInfo {
  const known = error instanceof WistroError
  const names = namesOf(error)
  const hint = known && error.hint ? { hint: error.hint } : {}
  const isTerminal = names.some((name) => terminal.includes(name))
  return {
    code: known ? error.code : codeOf(names),
    message: bounded(messageOf(error) || (names[0] ?? 'an error without a message')),
    type: names[0] ?? null,
    stack: stackOf(error, root),
    details: known ? detailsOf({ ...error.details, ...hint }) : null,
    retryable: !isTerminal && (!known || error.retryable),
    retry_after: error instanceof Retryable ? (error.retryAfter ?? null) : null,
  }
}

/** What an error says, without the name of its class. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return String(error.message)
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return typeof error === 'string' ? error : `the handler threw \`${shown(error)}\``
}

function shown(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

/** The names that an error goes by, its own first, then those of its base classes. */
function namesOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return ['NonError']
  const names: string[] = []
  // `this.name = 'CardDeclined'` is how many libraries, and code that is minified, name theirs.
  // `AbortError` and `TimeoutError` are but names of a DOMException.
  const isNamed = Object.hasOwn(error, 'name') || error instanceof DOMException
  if (isNamed) names.push(String((error as { name: unknown }).name))
  for (
    let prototype: unknown = Object.getPrototypeOf(error);
    typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    names.push(prototype.constructor.name)
  }
  return names.length > 0 ? names : ['NonError']
}

function codeOf(names: readonly string[]): string {
  return names.includes('TimeoutError') ? 'timeout' : new StepError('').code
}

function bounded(message: string): string {
  if (message.length <= LIMIT) return message
  return `${message.slice(0, LIMIT)}… (${message.length} characters)`
}

/** The details as JSON of a bounded size: an error that cannot be sent would hide the first one. */
function detailsOf(details: Readonly<Record<string, unknown>>): unknown {
  if (Object.keys(details).length === 0) return null
  try {
    const plain = jsonable(details)
    const size = jsonSize(plain)
    if (size <= DETAILS_LIMIT) return plain
    return { omitted: `${size} bytes of details; the limit is ${DETAILS_LIMIT}` }
  } catch (error) {
    return { omitted: `the details are not JSON: ${messageOf(error)}` }
  }
}

/** The stack without our own frames and, of others, only the place where it was thrown. */
function stackOf(error: unknown, root: string | undefined): string | null {
  const parts: string[] = []
  let kept = false
  let cause = error
  for (let depth = 0; depth < CAUSES && cause instanceof Error; depth += 1) {
    const frames = trimmed(cause, root)
    kept ||= frames.length > 0
    const title = `${namesOf(cause)[0]}: ${cause.message}`
    parts.push([depth === 0 ? title : `caused by ${title}`, ...frames].join('\n'))
    cause = cause.cause
  }
  return kept ? parts.join('\n').slice(0, LIMIT) : null
}

function trimmed(error: Error, root: string | undefined): string[] {
  const frames = framesOf(error).filter(({ file }) => !file.startsWith(OURS))
  const others = frames.filter(({ file }) => !file.startsWith('node:'))
  const own = others.filter(({ file }) => root !== undefined && isOwn(file, root))
  const [thrown] = others
  const shown = own.length === 0 ? others : others.filter((frame) => own.includes(frame) || frame === thrown)
  return shown.map(({ text }) => text)
}

interface Frame {
  readonly text: string
  readonly file: string
}

/** The frames of a stack; source maps have been applied to it. */
function framesOf(error: Error): Frame[] {
  const lines = String(error.stack ?? '').split('\n')
  return lines
    .filter((line) => /^\s+at /.test(line))
    .map((line) => {
      const [, address = ''] = /\(?([^()\s]+?):\d+:\d+\)?$/.exec(line) ?? []
      const file = toPath(address)
      return { text: line.replace(address, file), file }
    })
    .filter(({ file }) => file.includes(sep) || file.startsWith('node:'))
}

/** Without the query that a module's address may have. */
function toPath(address: string): string {
  const bare = address.replace(/\?.*$/, '')
  return bare.startsWith('file:') ? fileURLToPath(bare) : bare
}
