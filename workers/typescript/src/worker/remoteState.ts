/** `ctx.state`: the state over the worker API, for the handlers of one run. */

import { StoreError, Terminal } from '../errors.js'
import type { State, StateEntry } from '../state.js'
import { jsonable, NotJson } from './values.js'
import type { Answer, WorkerApi } from './workerClient.js'

const PAGE = 1000
/** Milliseconds to go on trying while the API is away. */
export const PATIENCE_MS = 20_000

interface WireEntry {
  readonly group: string
  readonly key: string
  readonly value: unknown
  readonly version: number
  readonly updated_at: number
}

/**
 * While the API is away, every operation waits and tries again; one that would do harm if done twice
 * only as long as it certainly was not done.
 */
export class RemoteState implements State {
  constructor(
    private readonly api: WorkerApi,
    private readonly token: () => string,
  ) {}

  get = async <T>(group: string, key: string): Promise<T | null> => {
    const entry = await this.#entry(group, key)
    return entry === null ? null : (entry.value as T)
  }

  entry = async <T>(group: string, key: string): Promise<StateEntry<T> | null> => {
    const entry = await this.#entry(group, key)
    if (entry === null) return null
    const { updated_at: updatedAt, version } = entry
    return { group: entry.group, key: entry.key, value: entry.value as T, version, updatedAt }
  }

  set = async <T>(
    group: string,
    key: string,
    value: T,
    options: { readonly ifVersion?: number } = {},
  ): Promise<T> => {
    const plain = json(group, key, value)
    const ifVersion = options.ifVersion ?? null
    const body = { group, key, value: plain, if_version: ifVersion }
    // Repeated, a conditional write would find its own first attempt and call it a conflict.
    await this.#write('set', body, ifVersion === null)
    return plain as T
  }

  delete = async <T>(group: string, key: string): Promise<T | null> => {
    const entry = await this.#entry(group, key)
    if (entry === null) return null
    await this.#call('delete', { group, key })
    return entry.value as T
  }

  list = async <T>(group: string): Promise<Record<string, T>> => {
    const entries = await this.#all(group)
    return Object.fromEntries(entries.map(({ key, value }) => [key, value as T]))
  }

  getGroup = async <T>(group: string): Promise<T[]> => {
    const entries = await this.#all(group)
    return entries.map(({ value }) => value as T)
  }

  clear = async (group: string): Promise<number> => {
    const { removed } = await this.#call('clear', { group })
    return removed as number
  }

  increment = async (group: string, key: string, by = 1): Promise<number> => {
    const { value } = await this.#write('increment', { group, key, by }, false)
    return value as number
  }

  compareAndSet = async (
    group: string,
    key: string,
    expected: unknown,
    value: unknown,
  ): Promise<boolean> => {
    const given = { value: json(group, key, value), expected: json(group, key, expected) }
    const { done } = await this.#write('compare_and_set', { group, key, ...given }, false)
    return done as boolean
  }

  async #entry(group: string, key: string): Promise<WireEntry | null> {
    const { entry } = await this.#call('get', { group, key })
    return entry as WireEntry | null
  }

  async #all(group: string): Promise<WireEntry[]> {
    const found: WireEntry[] = []
    for (let after: unknown = null; ; ) {
      const page = await this.#call('list', { group, after, limit: PAGE })
      found.push(...(page['items'] as WireEntry[]))
      after = page['next']
      if (after === null) return found
    }
  }

  #call(operation: string, body: object, repeatable = true): Promise<Answer> {
    const options = { token: this.token, repeatable, patience: PATIENCE_MS }
    return this.api.call(`/state/${operation}`, JSON.stringify(body), options)
  }

  /** Call with a value, whose bound the store behind the API knows. */
  async #write(
    operation: string,
    body: { readonly group: string; readonly key: string; readonly [member: string]: unknown },
    repeatable: boolean,
  ): Promise<Answer> {
    try {
      return await this.#call(operation, body, repeatable)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'body_too_large') throw error
      throw new StoreError(
        `The value of \`${body.key}\` in the state group \`${body.group}\`: ${error.message}`,
        {
          code: 'value_too_large',
          retryable: false,
          hint: 'split it over several keys, or store the content elsewhere and its address here',
        },
      )
    }
  }
}

function json(group: string, key: string, value: unknown): unknown {
  try {
    return jsonable(value)
  } catch (error) {
    if (!(error instanceof NotJson)) throw error
    throw new Terminal(`The value of \`${key}\` in the state group \`${group}\`: ${error.message}`, {
      code: 'value_not_json',
      hint: 'store objects, lists, strings, numbers, booleans and null',
    })
  }
}
