/** A journal that never makes its writer wait: entries are kept in memory and appended in batches. */

import { StoreError } from '../errors.js'
import { messageOf } from './failures.js'
import type { JournalEntry } from './journal.js'
import type { Log } from './log.js'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2000
const COMPLAINT_MS = 10_000

/** Appends entries in this order, all or none. */
export type Sink = (entries: readonly JournalEntry[]) => Promise<void>

/** How a buffer works; each has a default. */
export interface BufferOptions {
  /** How many entries may wait. */
  readonly capacity?: number
  /** How many entries are appended at once. */
  readonly batch?: number
  /** How long an entry waits for others to travel with, in milliseconds. */
  readonly every?: number
}

/**
 * Appends to a sink in the background.
 *
 * While the sink is away, entries wait in memory, up to `capacity`. Beyond that the oldest *log* lines
 * are dropped first, and what is lost is counted and complained about: what a run did matters longer
 * than what it said.
 */
export class JournalBuffer {
  readonly #capacity: number
  readonly #batch: number
  readonly #every: number
  /** In the order they came. */
  readonly #waiting = new Set<JournalEntry>()
  readonly #logs = new Set<JournalEntry>()
  #timer: NodeJS.Timeout | undefined
  #appending: Promise<void> | undefined
  #closing = false
  #complained = -COMPLAINT_MS
  /** Counts the entries that were lost. */
  dropped = 0

  constructor(
    private readonly sink: Sink,
    private readonly log: Log,
    { capacity = 10_000, batch = 500, every = 100 }: BufferOptions = {},
  ) {
    this.#capacity = capacity
    this.#batch = batch
    this.#every = every
  }

  /** How many entries wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** Take an entry. Returns at once. */
  append = (entry: JournalEntry): void => {
    if (this.#closing) {
      this.dropped += 1
      return
    }
    if (this.#waiting.size >= this.#capacity) this.#dropOne()
    this.#waiting.add(entry)
    if (entry.kind === 'log') this.#logs.add(entry)
    if (this.#waiting.size === this.#batch) this.#start(0)
    else this.#start(this.#every)
  }

  /** Append what waits, for at most `deadline` milliseconds; the rest is lost, and that is logged. */
  async close(deadline = 5000): Promise<void> {
    this.#closing = true
    this.#start(0)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadline)
    })
    await Promise.race([this.#drained(), late])
    clearTimeout(timer)
    clearTimeout(this.#timer)
    const lost = this.#waiting.size
    this.#waiting.clear()
    this.dropped += lost
    if (lost > 0) {
      this.log.write('error', `${lost} journal entries were lost: the journal was away while closing`)
    }
  }

  async #drained(): Promise<void> {
    while (this.#waiting.size > 0) {
      this.#appending ??= this.#appendAll()
      await this.#appending
    }
  }

  #start(delay: number): void {
    if (this.#appending !== undefined || this.#waiting.size === 0) return
    if (this.#timer !== undefined && delay > 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#appending ??= this.#appendAll()
    }, delay)
  }

  async #appendAll(): Promise<void> {
    do await this.#appendBatch()
    while (this.#waiting.size >= this.#batch)
    this.#appending = undefined
    this.#start(this.#every)
  }

  /** Append one batch, trying until the sink takes or refuses it. */
  async #appendBatch(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const batch = [...this.#waiting].slice(0, this.#batch)
      if (batch.length === 0) return
      try {
        await this.sink(batch)
      } catch (error) {
        if (error instanceof StoreError && error.retryable) {
          this.#complain(error)
          await new Promise((resolve) => setTimeout(resolve, pause))
          continue
        }
        this.dropped += batch.length
        const refused = `the journal refused ${batch.length} entries: ${messageOf(error)}`
        this.log.write('error', refused)
      }
      for (const entry of batch) {
        this.#waiting.delete(entry)
        this.#logs.delete(entry)
      }
      return
    }
  }

  /** Drop the oldest log line, or the oldest entry when there is no log line. */
  #dropOne(): void {
    this.dropped += 1
    const [oldest] = this.#logs.size > 0 ? this.#logs : this.#waiting
    if (oldest === undefined) return
    this.#logs.delete(oldest)
    this.#waiting.delete(oldest)
  }

  #complain(error: StoreError): void {
    const now = performance.now()
    if (now - this.#complained < COMPLAINT_MS) return
    this.#complained = now
    const counts = { waiting: this.#waiting.size, lost: this.dropped }
    this.log.write('error', `the journal is away: ${error.message}`, counts)
  }
}
