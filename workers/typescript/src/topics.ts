/**
 * The messages of the project by their topics. `wistro types` fills it in by declaration merging, so
 * that `emit` knows what the subscribers of a topic expect.
 */
export interface Topics {}

/**
 * The name of a topic. The template makes TypeScript keep the literal types of the names in
 * `config = { … } satisfies EventConfig`; any other text is as good.
 */
export type TopicName = keyof Topics | `${string}.${string}` | (string & Record<never, never>)

/** What a message on `T` is, as far as `wistro types` knows. */
export type MessageOn<T> = T extends keyof Topics ? Topics[T] : unknown

/** A message that a handler may emit. */
export interface Emission {
  readonly topic: string
  readonly data: unknown
}
