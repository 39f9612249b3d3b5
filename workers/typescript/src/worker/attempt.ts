/** What the surroundings of an attempt know of it, and how they make it stop. */

import type { CancelReason } from '../context.js'

/** The caller gave an attempt up: nobody waits for its result any more. */
export class Abandoned extends Error {}

/** Whether the handler was asked to stop; the first reason counts. */
export class Cancellation {
  #reason: CancelReason | null = null
  #controller: AbortController | undefined

  /** Why, once it was asked. */
  get reason(): CancelReason | null {
    return this.#reason
  }

  /** Aborts when the handler is asked to stop. */
  get signal(): AbortSignal {
    // Most handlers never look at it.
    this.#controller ??= new AbortController()
    if (this.#reason !== null) this.#controller.abort(aborted(this.#reason))
    return this.#controller.signal
  }

  /** Ask the handler to stop. */
  set(reason: CancelReason): void {
    if (this.#reason !== null) return
    this.#reason = reason
    this.#controller?.abort(aborted(reason))
  }
}

/** One attempt of one delivery. */
export class Attempt {
  readonly cancellation = new Cancellation()
  /** Rejects when the caller gives the attempt up. */
  readonly abandoned: Promise<never>
  /** Give it up: what the handler still does has no effect. */
  readonly abandon: () => void

  /**
   * @param number Counts the attempts of the delivery, from 1.
   * @param heartbeat Takes what the handler reports.
   */
  constructor(
    readonly number: number,
    readonly heartbeat: (progress: unknown) => void = () => undefined,
  ) {
    let giveUp: (error: Abandoned) => void = () => undefined
    this.abandoned = new Promise((_, reject) => {
      giveUp = reject
    })
    // Nobody may be listening any more.
    this.abandoned.catch(() => undefined)
    this.abandon = () => {
      giveUp(new Abandoned('the attempt was given up'))
    }
  }
}

function aborted(reason: CancelReason): DOMException {
  return new DOMException(`the handler was asked to stop: ${reason}`, 'AbortError')
}
