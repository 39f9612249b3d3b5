/** A handler that does what a case of `workers/contract/cases` says. */

import type { Context } from '../../src/context.js'
import { Retryable, Terminal, WistroError } from '../../src/errors.js'
import type { ErrorInfo } from '../../src/worker/contract.js'
import { describe } from '../../src/worker/failures.js'
import type { Request } from '../../src/worker/request.js'

export type Json = Record<string, unknown>

const SPECIAL: Readonly<Record<string, (value: Json) => unknown>> = {
  function: () => () => undefined,
  cycle: () => {
    const loop: unknown[] = []
    loop.push(loop)
    return loop
  },
  lone_surrogate: () => '\ud800',
  nan: () => Number.NaN,
  nested: ({ levels }) =>
    Array.from({ length: Number(levels) }).reduce<unknown>((inner) => [inner], 1),
  text: ({ of, times }) => String(of).repeat(Number(times)),
  bytes: ({ base64 }) => Buffer.from(String(base64), 'base64'),
}

export class Script {
  readonly #variables = new Map<string, Json>()
  #input: unknown
  #context: Context | undefined

  constructor(
    private readonly kind: string,
    private readonly deeds: readonly Json[],
    private readonly afterwards: readonly Json[] = [],
  ) {}

  handler = async (...given: readonly unknown[]): Promise<unknown> => {
    this.#context = given.at(-1) as Context
    this.#input = given.length > 1 ? given[0] : null
    await Promise.resolve()
    return this.#do(this.deeds)
  }

  /** What a promise does that outlives its attempt. */
  goOn(): ErrorInfo | null {
    try {
      this.#do(this.afterwards)
      return null
    } catch (error) {
      if (error instanceof WistroError) return describe(error)
      throw error
    }
  }

  #do(deeds: readonly Json[]): unknown {
    for (const deed of deeds) {
      if ('return' in deed) return this.make(deed['return'])
      this.#act(deed)
    }
    return undefined
  }

  #act(deed: Json): void {
    const context = this.#context
    if (context === undefined) throw new Error('the handler was not called')
    const emit = context.emit as (topic: unknown, data: unknown) => unknown
    const [verb = ''] = Object.keys(deed)
    const object = deed[verb]
    const made = (member: string): unknown => this.make(deed[member])
    if (verb === 'emit') emit(object, made('data'))
    else if (verb === 'respond') void context.respond(made('respond'))
    else if (verb === 'heartbeat') context.heartbeat(made('heartbeat'))
    else if (verb === 'log') {
      context.logger[object as 'info'](String(deed['message']), made('fields') ?? undefined)
    } else if (verb === 'secret') context.secrets.get(String(object))
    else if (verb === 'let') this.#variables.set(String(object), made('be') as Json)
    else if (verb === 'change') {
      const variable = this.#variables.get(String(object)) ?? {}
      variable[String(deed['member'])] = made('to')
    } else if (verb === 'raise') throw this.#error(deed)
    else throw new Error(`a case says \`${verb}\``)
  }

  #error(deed: Json): Error {
    const message = String(this.make(deed['message']))
    const made = this.make(deed) as { code?: string; hint?: string; details?: Json }
    const { code, hint, details = {} } = made
    const options = { ...(code === undefined ? {} : { code }), ...(hint ? { hint } : {}), details }
    const after = deed['retry_after'] as number | undefined
    if (deed['raise'] === 'terminal') return new Terminal(message, options)
    if (deed['raise'] === 'retryable') {
      const wait = after === undefined ? {} : { retryAfter: after }
      return new Retryable(message, { ...options, ...wait })
    }
    if (deed['raise'] === 'error') return new Error(message)
    return classNamed(String(deed['class']), deed['base'] as string | undefined)(message)
  }

  /** A value of a case: JSON, with objects that have a `$` standing for something else. */
  make(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((part) => this.make(part))
    if (typeof value !== 'object' || value === null) return value
    const given = value as Json
    const name = given['$']
    if (name === undefined) {
      const members = Object.entries(given)
      return Object.fromEntries(members.map(([member, part]) => [member, this.make(part)]))
    }
    if (name === 'input') return this.kind === 'api' ? (this.#input as Request).body : this.#input
    if (name === 'request') return this.#request()
    if (name === 'context') return this.#whoAndWhy()
    if (name === 'variable') return this.#variables.get(String(given['name']))
    return SPECIAL[String(name)]?.(given)
  }

  #request(): Json {
    const { pathParams, queryParams, headers, body, rawBody } = this.#input as Request
    const raw = rawBody.toString()
    return { path_params: pathParams, query_params: queryParams, headers, body, raw_body: raw }
  }

  #whoAndWhy(): Json {
    const context = this.#context
    if (context === undefined) throw new Error('the handler was not called')
    return {
      run_id: context.runId,
      trace_id: context.traceId,
      step: context.step,
      flow: context.flow,
      flows: context.flows,
      attempt: context.attempt,
      delivery_id: context.deliveryId,
      idempotency_key: context.idempotencyKey,
      client_context: context.clientContext,
      topic: context.topic,
      trigger: context.trigger.kind,
    }
  }
}

function classNamed(name: string, base: string | undefined): (message: string) => Error {
  const parent = base === undefined ? Error : { [base]: class extends Error {} }[base]
  const made = { [name]: class extends (parent ?? Error) {} }[name] ?? Error
  return (message) => new made(message)
}
