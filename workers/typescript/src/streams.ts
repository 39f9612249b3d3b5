import type { SchemaSource } from './schemas.js'

/** Whose clients are meant: those of a group, or of one item of it. */
export interface StreamChannel {
  readonly groupId: string
  readonly id?: string
}

/** What `send` tells the clients of a channel, besides the changes of items. */
export interface StreamEvent<T = unknown> {
  readonly type: string
  readonly data: T
}

/** An item as it is read: what was set, with its id. */
export type StreamItem<T> = T & { readonly id: string }

/** `ctx.streams.<name>`: items kept durably by group and id; clients get every change live. */
export interface Stream<T = unknown> {
  /** The item, or `null` when there is none. */
  get(groupId: string, id: string): Promise<StreamItem<T> | null>
  /** Write an item and give it back. */
  set(groupId: string, id: string, data: T): Promise<StreamItem<T>>
  /** Remove an item and give it back; `null` when there was none. */
  delete(groupId: string, id: string): Promise<StreamItem<T> | null>
  /** The items of a group, in the order of their ids. */
  getGroup(groupId: string): Promise<StreamItem<T>[]>
  /** Tell the clients of a channel something that is not kept. */
  send<E>(channel: StreamChannel, event: StreamEvent<E>): Promise<void>
}

/** What a client of a stream asks to follow. */
export interface StreamSubscription {
  readonly groupId: string
  readonly id?: string
}

/** The `config` of a stream file. */
export interface StreamConfig {
  /** Its name: `ctx.streams.<name>`. */
  readonly name: string
  /** What its items look like. */
  readonly schema?: SchemaSource | null
  /** Where its items are kept: in the project's state store. */
  readonly baseConfig?: { readonly storageType: 'default' }
  /** Whether a client may subscribe; without one, every client that may see the project. */
  canAccess?(subscription: StreamSubscription, authContext: unknown): boolean | Promise<boolean>
}
