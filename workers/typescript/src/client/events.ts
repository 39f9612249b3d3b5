/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), over `fetch`. */

/** An event as it was sent. */
export interface ServerEvent {
  readonly event: string
  readonly data: string
  /** The last id that was sent, with this event or before it. */
  readonly id: string
  /** Milliseconds that the server asks clients to wait before they come back, if it has said so. */
  readonly retry: number | null
}

/**
 * The events of a response's body, as they come.
 *
 * @param idle Milliseconds without a word, comments included, after which the connection counts as lost.
 */
export async function* eventsOf(body: ReadableStream<Uint8Array>, idle: number): AsyncGenerator<ServerEvent> {
  const reading = new Reading()
  for await (const text of texts(body, idle)) yield* reading.take(text)
}

/** Bodies are no async iterables in every browser. */
async function* texts(body: ReadableStream<Uint8Array>, idle: number): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const timer = setTimeout(() => void reader.cancel().catch(() => undefined), idle)
      const { done, value } = await reader.read().finally(() => clearTimeout(timer))
      if (done) return
      yield decoder.decode(value, { stream: true })
    }
  } finally {
    // Whoever stops following leaves the connection to nobody.
    await reader.cancel().catch(() => undefined)
  }
}

class Reading {
  #rest = ''
  #data: string[] = []
  #event = ''
  #id = ''
  #retry: number | null = null

  #field(line: string): void {
    const [, name = '', value = ''] = /^([^:]*)(?::[ ]?(.*))?$/s.exec(line) ?? []
    if (name === 'data') this.#data.push(value)
    else if (name === 'event') this.#event = value
    else if (name === 'id' && !value.includes('\0')) this.#id = value
    else if (name === 'retry' && /^\d+$/.test(value)) this.#retry = Number(value)
  }

  *take(text: string): Generator<ServerEvent> {
    // A carriage return at the end may be half of a line's end.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line !== '') this.#field(line)
      else yield* this.#dispatch()
    }
  }

  *#dispatch(): Generator<ServerEvent> {
    const [data, event] = [this.#data, this.#event]
    this.#data = []
    this.#event = ''
    if (data.length === 0) return
    yield { event: event || 'message', data: data.join('\n'), id: this.#id, retry: this.#retry }
  }
}
