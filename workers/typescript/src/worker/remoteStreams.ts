/** `ctx.streams`: the project's streams over the worker API, for the handlers of one run. */

import type { Streams } from '../context.js'
import { StoreError, Terminal } from '../errors.js'
import type { Stream, StreamChannel, StreamEvent, StreamItem } from '../streams.js'
import { didYouMean } from './hints.js'
import { PATIENCE_MS } from './remoteState.js'
import { ANYTHING } from './shapes.js'
import { type Answer, misfitOf, type WorkerApi } from './workerClient.js'

const PAGE = 1000

interface WireItem {
  readonly data: unknown
}

/** The streams called `names`; any other name is refused when it is used. */
export function remoteStreams(
  names: readonly string[],
  api: WorkerApi,
  token: () => string,
): Streams {
  const made = new Map<string, Stream>()
  const find = (_: object, name: string | symbol): Stream | undefined => {
    // What asks whether an object is a promise, or prints it, asks for names like these.
    if (typeof name !== 'string' || name === 'then' || name === 'toJSON') return undefined
    if (!names.includes(name)) throw unknownStream(name, names)
    let stream = made.get(name)
    if (stream === undefined) {
      stream = new RemoteStream(name, api, token)
      made.set(name, stream)
    }
    return stream
  }
  return new Proxy({}, { get: find, has: (_, name) => names.includes(String(name)) })
}

class RemoteStream implements Stream {
  constructor(
    private readonly name: string,
    private readonly api: WorkerApi,
    private readonly token: () => string,
  ) {}

  get = async (group: string, id: string): Promise<StreamItem<unknown> | null> => {
    return this.#item(await this.#call('get', { group, id }))
  }

  set = async (group: string, id: string, given: unknown): Promise<StreamItem<unknown>> => {
    const data = ANYTHING.dump(given, `The item \`${id}\` of the stream \`${this.name}\``)
    const item = this.#item(await this.#call('set', { group, id, data }))
    return item ?? ({ id } as StreamItem<unknown>)
  }

  delete = async (group: string, id: string): Promise<StreamItem<unknown> | null> => {
    return this.#item(await this.#call('delete', { group, id }))
  }

  getGroup = async (group: string): Promise<StreamItem<unknown>[]> => {
    const found: StreamItem<unknown>[] = []
    for (let after: unknown = null; ; ) {
      const page = await this.#call('list', { group, after, limit: PAGE })
      for (const { data } of page['items'] as WireItem[]) found.push(data as StreamItem<unknown>)
      after = page['next']
      if (after === null) return found
    }
  }

  send = async (channel: StreamChannel, event: StreamEvent): Promise<void> => {
    const data = ANYTHING.dump(event.data, `The event on the stream \`${this.name}\``)
    const { groupId: group, id = null } = channel
    await this.#call('send', { group, id, type: event.type, data }, false)
  }

  #item(answer: Answer): StreamItem<unknown> | null {
    const item = answer['item'] as WireItem | null
    return item === null ? null : (item.data as StreamItem<unknown>)
  }

  async #call(operation: string, members: object, repeatable = true): Promise<Answer> {
    const body = JSON.stringify({ stream: this.name, ...members })
    const options = { token: this.token, repeatable, patience: PATIENCE_MS }
    try {
      return await this.api.call(`/streams/${operation}`, body, options)
    } catch (error) {
      throw error instanceof StoreError && error.code === 'validation_failed' ? misfitOf(error) : error
    }
  }
}

function unknownStream(name: string, names: readonly string[]): Terminal {
  return new Terminal(`There is no stream \`${name}\``, {
    code: 'unknown_stream',
    hint: names.length > 0 ? didYouMean(name, names) : `define one in \`${name}.stream.ts\``,
  })
}
