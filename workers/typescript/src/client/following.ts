/** Streams of events that go on, whatever happens to connections. */
import { RequestFailed, Unreachable } from './errors.js'
import { eventsOf, type ServerEvent } from './events.js'
import { type Asked, delay, type Http } from './http.js'

/** The server says every 15 seconds that it is there. */
const IDLE_MS = 45_000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

/** A request for events; who is let in, and who is not, is told by its first answer. */
export type Ask = (lastId: string | undefined) => Omit<Asked, 'headers'> & { readonly headers?: Record<string, string> }

/**
 * The events of a stream. When it is cut, it is asked for again, beyond the last id: for as long as it takes,
 * once there was an event; before, as long as the client is patient.
 *
 * @param ask The request that comes next. One that may not be repeated is made once.
 * @throws RequestFailed The server says no.
 */
export async function* follow(http: Http, ask: Ask, lastId?: string): AsyncGenerator<ServerEvent> {
  let deadline = Date.now() + http.patience
  let pause = FIRST_PAUSE_MS
  for (let failures = 0; ; failures += 1) {
    const asked = ask(lastId)
    const headers: Record<string, string> = { ...asked.headers, accept: 'text/event-stream' }
    if (lastId !== undefined) headers['last-event-id'] = lastId
    let trouble: unknown = new Unreachable('the connection was cut before anything came')
    try {
      for await (const event of eventsOf(bodyOf(await http.send({ ...asked, headers })), IDLE_MS)) {
        deadline = Infinity
        failures = 0
        pause = event.retry ?? pause
        if (event.id !== '') lastId = event.id
        yield event
      }
    } catch (error) {
      asked.signal?.throwIfAborted()
      if (error instanceof RequestFailed && !error.retryable) throw error
      trouble = error
    }
    if (!ask(lastId).repeatable || Date.now() > deadline) throw trouble
    const longer = Math.min(pause * 2 ** Math.min(failures, 10), LONGEST_PAUSE_MS)
    // Jitter: pages that lost the server together must not come back together.
    await delay(longer * (0.5 + Math.random() / 2), asked.signal)
  }
}

function bodyOf({ body, status, headers }: Response): ReadableStream<Uint8Array> {
  const isStream = headers.get('content-type')?.startsWith('text/event-stream')
  if (isStream && body !== null) return body
  throw new RequestFailed('the server was expected to send events, found something else', {
    status,
    code: 'not_wistro',
    hint: 'is this the address of a Wistro server?',
  })
}
