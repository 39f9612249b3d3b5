/** The channel of one user: what is sent to it, whatever happens to connections. */
import { type ChannelAnswer, channelAnswerOf } from './answers.js'
import { RequestFailed } from './errors.js'
import { eventsOf } from './events.js'
import { delay, type Http, type Json, type Token } from './http.js'

/** The server says every 15 seconds that it is there. */
const IDLE_MS = 45_000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

/** How a channel is followed. */
export interface ChannelOptions {
  /** What opens the channel, when it is not the client's token. */
  readonly token?: Token
  /** Begin beyond this message; `'0'`: with all that is kept. Without one, from now on. */
  readonly lastId?: string
  /** Ends it, with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * What is sent to `user`, from now on or beyond `lastId`. It comes back by itself when the connection is
 * lost, and misses nothing that is still kept.
 *
 * @throws RequestFailed The server does not let this client in.
 */
export async function* followChannel<Output>(
  http: Http,
  user: string,
  options: ChannelOptions,
): AsyncGenerator<ChannelAnswer<Output>> {
  const { token, signal } = options
  const path = `/_wistro/channels/${encodeURIComponent(user)}`
  let { lastId } = options
  let pause = FIRST_PAUSE_MS
  for (let failures = 0; ; failures += 1) {
    const headers: Record<string, string> = { accept: 'text/event-stream' }
    if (lastId !== undefined) headers['last-event-id'] = lastId
    try {
      const response = await http.send({ path, headers, token, signal, repeatable: true })
      for await (const { event, data, id, retry } of eventsOf(bodyOf(response), IDLE_MS)) {
        failures = 0
        pause = retry ?? pause
        if (id !== '') lastId = id
        if (event === 'answer') yield channelAnswerOf<Output>(id, JSON.parse(data) as Json)
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof RequestFailed && !error.retryable) throw error
    }
    const longer = Math.min(pause * 2 ** Math.min(failures, 10), LONGEST_PAUSE_MS)
    await delay(longer * (0.5 + Math.random() / 2), signal)
  }
}

function bodyOf({ body, status }: Response): ReadableStream<Uint8Array> {
  if (body !== null) return body
  throw new RequestFailed('the channel was expected to be a stream of events, found nothing', {
    status,
    code: 'not_wistro',
    hint: 'is this the address of a Wistro server?',
  })
}
