import { createParser } from 'eventsource-parser'
import { useEffect, useRef } from 'react'
import { create } from 'zustand'
import { type Api, OURS } from '@/api/client'

/** What runs do and log, as it happens: an entry of the journal. */
export type Entry = Api['JournalEntry']

/** Which entries somebody wants; what is not given is not asked for. */
export interface Wanted {
  flow?: string | undefined
  runId?: string | undefined
  step?: string | undefined
  /** Beginnings of kinds: `run.` or `delivery.failed`. */
  kinds?: readonly string[] | undefined
}

/** `paused`: the tab is hidden; it catches up once it is seen again. */
export type LiveStatus = 'connecting' | 'live' | 'offline' | 'paused'

export const useLiveStatus = create<{ status: LiveStatus }>(() => ({ status: 'connecting' }))

export function accepts(wanted: Wanted, entry: Entry): boolean {
  return (
    (wanted.flow === undefined || wanted.flow === entry.flow) &&
    (wanted.runId === undefined || wanted.runId === entry.run_id) &&
    (wanted.step === undefined || wanted.step === entry.step) &&
    (wanted.kinds === undefined || wanted.kinds.some((kind) => entry.kind.startsWith(kind)))
  )
}

const BATCH_MS = 40
/** The server says something at least every 15 s: a connection that is silent for longer has been lost. */
const SILENT_MS = 40_000
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000]

type Listener = (entries: Entry[]) => void

/**
 * The one connection of a tab to the journal.
 *
 * It is open while the tab is seen and somebody listens: browsers allow six connections to a server, for all
 * tabs together. It always goes on behind the last entry that came, so nothing is lost in between.
 */
export class LiveFeed {
  private readonly listeners = new Set<Listener>()
  private readonly url: string
  private after: number | null = null
  private waiting: Entry[] = []
  private flushing: ReturnType<typeof setTimeout> | undefined
  private connection: AbortController | undefined

  constructor(url: string) {
    this.url = url
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener)
    this.connect()
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size === 0) this.disconnect('connecting')
    }
  }

  /** The tab is seen again, or not any more. */
  show(visible: boolean): void {
    if (!visible) this.disconnect('paused')
    else this.connect()
  }

  private connect(): void {
    if (this.connection || this.listeners.size === 0 || document.hidden) return
    this.connection = new AbortController()
    void this.follow(this.connection.signal)
  }

  private disconnect(status: LiveStatus): void {
    this.connection?.abort()
    this.connection = undefined
    useLiveStatus.setState({ status })
  }

  private async follow(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.read(signal, () => {
          failures = 0
          useLiveStatus.setState({ status: 'live' })
        })
      } catch {
        // Whatever it was, the answer is to come back; the status says meanwhile that nothing is live.
        if (!signal.aborted) useLiveStatus.setState({ status: 'offline' })
      }
      if (signal.aborted) return
      await pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 5_000, signal)
    }
  }

  /** Until the server ends it, as it does from time to time. */
  private async read(signal: AbortSignal, onOpen: () => void): Promise<void> {
    const query = this.after === null ? '' : `?after=${this.after}`
    const response = await fetch(`${this.url}${query}`, { signal, cache: 'no-store' })
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`)
    onOpen()
    const parser = createParser({
      onEvent: (event) => {
        if (event.id) this.after = Number(event.id)
        if (event.event !== 'connected') this.take(JSON.parse(event.data) as Entry)
      },
    })
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    try {
      for (;;) {
        const { done, value } = await soon(reader.read(), SILENT_MS)
        if (done) return
        parser.feed(value)
      }
    } finally {
      reader.cancel().catch(() => undefined)
    }
  }

  private take(entry: Entry): void {
    this.waiting.push(entry)
    this.flushing ??= setTimeout(() => {
      const entries = this.waiting
      this.waiting = []
      this.flushing = undefined
      for (const listener of [...this.listeners]) listener(entries)
    }, BATCH_MS)
  }
}

/** What is promised, unless it takes too long. */
async function soon<T>(promised: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('nothing came')), milliseconds)
  })
  return Promise.race([promised, late]).finally(() => clearTimeout(timer))
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

const feed = new LiveFeed(`${OURS}/api/live`)

if (typeof document !== 'undefined') {
  document.addEventListener('visibilitychange', () => feed.show(!document.hidden))
}

/** Hands over batches of the entries that are wanted, in order, for as long as the component is there. */
export function useLive(wanted: Wanted, onEntries: (entries: Entry[]) => void): void {
  const handler = useRef(onEntries)
  useEffect(() => {
    handler.current = onEntries
  })
  const { flow, runId, step } = wanted
  const kinds = wanted.kinds?.join(' ')
  useEffect(() => {
    const asked: Wanted = { flow, runId, step, kinds: kinds?.split(' ') }
    return feed.listen((entries) => {
      const found = entries.filter((entry) => accepts(asked, entry))
      if (found.length > 0) handler.current(found)
    })
  }, [flow, runId, step, kinds])
}
