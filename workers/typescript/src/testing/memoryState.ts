import { StoreError } from '../errors.js'
import type { State, StateEntry } from '../state.js'
import { jsonable } from '../worker/values.js'

/** The state of a test: in memory, with the rules of the real one. Values are copied. */
export class MemoryState implements State {
  readonly #groups = new Map<string, Map<string, StateEntry>>()

  /** @param initial The values that are there already, by group and key. */
  constructor(initial: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {}) {
    for (const [group, values] of Object.entries(initial)) {
      for (const [key, value] of Object.entries(values)) this.#write(group, key, value)
    }
  }

  get = async <T>(group: string, key: string): Promise<T | null> => {
    return this.#value(group, key) as T | null
  }

  entry = async <T>(group: string, key: string): Promise<StateEntry<T> | null> => {
    const entry = this.#groups.get(group)?.get(key)
    return entry === undefined ? null : (structuredClone(entry) as StateEntry<T>)
  }

  set = async <T>(
    group: string,
    key: string,
    value: T,
    options: { readonly ifVersion?: number } = {},
  ): Promise<T> => {
    const version = this.#groups.get(group)?.get(key)?.version ?? 0
    if (options.ifVersion !== undefined && options.ifVersion !== version) {
      throw new StoreError(
        `\`${key}\` in the state group \`${group}\` has the version ${version}, expected ${options.ifVersion}`,
        { code: 'version_conflict', retryable: false, hint: 'read it again and decide anew' },
      )
    }
    return this.#write(group, key, value) as T
  }

  delete = async <T>(group: string, key: string): Promise<T | null> => {
    const value = this.#value(group, key)
    this.#groups.get(group)?.delete(key)
    return value as T | null
  }

  list = async <T>(group: string): Promise<Record<string, T>> => {
    return Object.fromEntries(this.#sorted(group).map(({ key, value }) => [key, value as T]))
  }

  getGroup = async <T>(group: string): Promise<T[]> => {
    return this.#sorted(group).map(({ value }) => value as T)
  }

  clear = async (group: string): Promise<number> => {
    const size = this.#groups.get(group)?.size ?? 0
    this.#groups.delete(group)
    return size
  }

  increment = async (group: string, key: string, by = 1): Promise<number> => {
    const value = this.#value(group, key) ?? 0
    if (typeof value !== 'number') {
      throw new StoreError(`\`${key}\` in the state group \`${group}\` is no number`, {
        code: 'not_a_number',
        retryable: false,
        hint: 'count under another key',
      })
    }
    this.#write(group, key, value + by)
    return value + by
  }

  compareAndSet = async (
    group: string,
    key: string,
    expected: unknown,
    value: unknown,
  ): Promise<boolean> => {
    if (canonical(this.#value(group, key)) !== canonical(jsonable(expected))) return false
    this.#write(group, key, value)
    return true
  }

  #value(group: string, key: string): unknown {
    return structuredClone(this.#groups.get(group)?.get(key)?.value ?? null)
  }

  #write(group: string, key: string, value: unknown): unknown {
    const entries = this.#groups.get(group) ?? new Map<string, StateEntry>()
    this.#groups.set(group, entries)
    const version = (entries.get(key)?.version ?? 0) + 1
    const copy = jsonable(value)
    entries.set(key, { group, key, value: copy, version, updatedAt: Date.now() / 1000 })
    return structuredClone(copy)
  }

  #sorted(group: string): StateEntry[] {
    const entries = [...(this.#groups.get(group)?.values() ?? [])]
    return structuredClone(entries.sort((one, other) => (one.key < other.key ? -1 : 1)))
  }
}

/** JSON text in which the order of members says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
  })
}
