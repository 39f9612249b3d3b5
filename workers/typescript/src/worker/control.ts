/** The line to the process that started this one: `WISTRO_CONTROL_FD`, an inherited socket. */

import { Socket } from 'node:net'

const VARIABLE = 'WISTRO_CONTROL_FD'

/** What the parent is told, one JSON line each. */
export type Report =
  | { readonly event: 'ready' }
  | { readonly event: 'failed'; readonly message: string; readonly hint: string | null }

/** Tells a parent how things stand, and notices when it is gone. */
export class Control {
  /** Resolves when the parent is gone; never without one. */
  readonly gone: Promise<void>

  private constructor(private readonly socket: Socket | null) {
    this.gone = new Promise((resolve) => {
      if (socket === null) return
      // Read, or its end would never be noticed.
      socket.resume()
      for (const event of ['end', 'close', 'error']) socket.on(event, () => resolve())
    })
  }

  /** The line that the environment names, or one that leads nowhere. */
  static open(environment: NodeJS.ProcessEnv = process.env): Control {
    const given = environment[VARIABLE]
    // The handlers' own child processes must not find it.
    delete environment[VARIABLE]
    if (!given) return new Control(null)
    return new Control(new Socket({ fd: Number(given), readable: true, writable: true }))
  }

  /** Tell the parent; resolves when it has been sent. */
  async report(report: Report): Promise<void> {
    const { socket } = this
    if (socket === null || !socket.writable) return
    await new Promise<void>((resolve) => {
      socket.write(`${JSON.stringify(report)}\n`, () => resolve())
    })
  }
}
