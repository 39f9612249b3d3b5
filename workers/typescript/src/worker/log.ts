/** The log of this process: a JSON object a line, on stderr, in the form of the engine's own log. */

import type { Fields } from './secrets.js'

const LEVELS = ['debug', 'info', 'warning', 'error'] as const
export type LogLevel = (typeof LEVELS)[number]

/** Writes lines from the level `WISTRO_LOG_LEVEL` (`info`) on. */
export class Log {
  readonly #least: number

  constructor(
    environment: NodeJS.ProcessEnv = process.env,
    private readonly out: { write(text: string): unknown } = process.stderr,
  ) {
    const wanted = environment['WISTRO_LOG_LEVEL']?.toLowerCase() || 'info'
    const found = LEVELS.findIndex((level) => level.startsWith(wanted))
    this.#least = found < 0 ? LEVELS.indexOf('info') : found
  }

  /** Write a line. */
  write(level: LogLevel, event: string, fields: Fields = {}, logger = 'wistro.worker'): void {
    if (LEVELS.indexOf(level) < this.#least) return
    const timestamp = new Date().toISOString()
    this.out.write(`${JSON.stringify({ ...fields, event, level, logger, timestamp })}\n`)
  }
}
