/** A value of the state with its version and the time of its last change. */
export interface StateEntry<T = unknown> {
  readonly group: string
  readonly key: string
  readonly value: T
  readonly version: number
  /** Seconds since the epoch. */
  readonly updatedAt: number
}

/**
 * Durable JSON values by group and key, shared by the flows of the project.
 *
 * Every operation is atomic for every worker, whatever its language. Any of them throws a
 * `StoreError` when the store is away (retryable) or refuses a value or a name.
 */
export interface State {
  /** The value, or `null` when there is none. */
  get<T = unknown>(group: string, key: string): Promise<T | null>
  /** The value with its version and the time of its last change. */
  entry<T = unknown>(group: string, key: string): Promise<StateEntry<T> | null>
  /** Write a value and give it back; with `ifVersion`, only over the entry that has this version. */
  set<T>(
    group: string,
    key: string,
    value: T,
    options?: { readonly ifVersion?: number },
  ): Promise<T>
  /** Remove a value and give it back; `null` when there was none. */
  delete<T = unknown>(group: string, key: string): Promise<T | null>
  /** The values of a group by their keys, in the order of the keys. */
  list<T = unknown>(group: string): Promise<Record<string, T>>
  /** The values of a group, in the order of their keys. */
  getGroup<T = unknown>(group: string): Promise<T[]>
  /** Remove a group; says how many values it had. */
  clear(group: string): Promise<number>
  /** Add to a number and give back the sum; a value that is not there counts as 0. */
  increment(group: string, key: string, by?: number): Promise<number>
  /** Write `value` if the entry holds `expected` (`null`: or is not there); says whether it did. */
  compareAndSet(group: string, key: string, expected: unknown, value: unknown): Promise<boolean>
}
