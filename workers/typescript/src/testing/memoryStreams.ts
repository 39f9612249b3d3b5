import type { Streams } from '../context.js'
import type { Stream, StreamChannel, StreamEvent, StreamItem } from '../streams.js'
import { jsonable } from '../worker/values.js'

/** What a handler told the clients of a stream. */
export interface Sent {
  readonly stream: string
  readonly channel: StreamChannel
  readonly event: StreamEvent
}

/** The streams of a test: in memory, any name is one. */
export class MemoryStreams {
  /** What was sent, in that order. */
  readonly sent: Sent[] = []
  /** What `ctx.streams` is. */
  readonly streams: Streams
  readonly #streams = new Map<string, Stream>()

  constructor() {
    const find = (_: object, name: string | symbol): Stream | undefined => {
      // What asks whether an object is a promise, or prints it, asks for names like these.
      if (typeof name !== 'string' || name === 'then' || name === 'toJSON') return undefined
      return this.stream(name)
    }
    this.streams = new Proxy({}, { get: find })
  }

  /** The stream of that name. */
  stream(name: string): Stream {
    const stream = this.#streams.get(name) ?? new MemoryStream(name, this.sent)
    this.#streams.set(name, stream)
    return stream
  }
}

type Item = StreamItem<unknown>

class MemoryStream implements Stream {
  readonly #groups = new Map<string, Map<string, Item>>()

  constructor(
    private readonly name: string,
    private readonly sent: Sent[],
  ) {}

  get = async (groupId: string, id: string): Promise<Item | null> => {
    return structuredClone(this.#groups.get(groupId)?.get(id) ?? null)
  }

  set = async (groupId: string, id: string, data: unknown): Promise<Item> => {
    const group = this.#groups.get(groupId) ?? new Map<string, Item>()
    this.#groups.set(groupId, group)
    const item: Item = { ...(jsonable(data) as object), id }
    group.set(id, item)
    return structuredClone(item)
  }

  delete = async (groupId: string, id: string): Promise<Item | null> => {
    const item = this.#groups.get(groupId)?.get(id) ?? null
    this.#groups.get(groupId)?.delete(id)
    return item
  }

  getGroup = async (groupId: string): Promise<Item[]> => {
    const items = [...(this.#groups.get(groupId)?.values() ?? [])]
    return structuredClone(items.sort((one, other) => (one.id < other.id ? -1 : 1)))
  }

  send = async <E>(channel: StreamChannel, event: StreamEvent<E>): Promise<void> => {
    const copy = { type: event.type, data: jsonable(event.data) }
    this.sent.push({ stream: this.name, channel: { ...channel }, event: copy })
  }
}
