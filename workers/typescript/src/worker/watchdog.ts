/**
 * Ends this process when a handler blocks it for longer than an attempt may take.
 *
 * Nothing else can: Node runs handlers on one thread, and a handler that never gives it back stops
 * heartbeats, every other step and the drain. Temporal makes the attempts elsewhere, and whoever
 * started this process starts another.
 */

import { Worker } from 'node:worker_threads'

const BEAT_MS = 1000

/** Watches the event loop from a thread of its own. */
export class Watchdog {
  /** When the loop was last seen alive, and how long it may then be silent (0: for ever). */
  readonly #shared = new Float64Array(new SharedArrayBuffer(16))
  readonly #running = new Map<symbol, number>()
  readonly #timer: NodeJS.Timeout
  readonly #thread: Worker

  constructor() {
    this.#beat()
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref()
    this.#thread = new Worker(new URL('./watchdogThread.js', import.meta.url), {
      workerData: this.#shared,
    })
    this.#thread.unref()
  }

  /** An attempt begins that may take `timeout` milliseconds; call what it gives back at its end. */
  watch(timeout: number): () => void {
    const attempt = Symbol('attempt')
    // 0: as long as it wants, and so may the others that it would hold up.
    this.#running.set(attempt, timeout > 0 ? timeout : Infinity)
    // At once: this attempt may be the one that never lets the next beat happen.
    this.#shared[1] = Math.max(this.#shared[1] ?? 0, timeout > 0 ? timeout : Infinity)
    return () => this.#running.delete(attempt)
  }

  /** Stop watching. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#thread.terminate()
  }

  #beat(): void {
    this.#shared[0] = Date.now()
    this.#shared[1] = Math.max(0, ...this.#running.values())
  }
}
