/** The log of this process: structured, on stderr, in the form that the engine's own log has. */

import type { Fields } from './secrets.js'

const LEVELS = ['debug', 'info', 'warning', 'error'] as const
export type LogLevel = (typeof LEVELS)[number]

/** Writes lines to stderr. */
export class Log {
  readonly #least: number

  /**
   * @param supervised Somebody shows what runs do, so it need not be in the log as well.
   * @param environment `WISTRO_LOG_LEVEL` (`info`) and `WISTRO_LOG_FORMAT` (`json` or `text`).
   */
  constructor(
    private readonly supervised = false,
    private readonly environment: NodeJS.ProcessEnv = process.env,
    private readonly out: { write(text: string): unknown } = process.stderr,
  ) {
    const wanted = environment['WISTRO_LOG_LEVEL']?.toLowerCase() ?? (supervised ? 'warning' : 'info')
    const found = LEVELS.findIndex((level) => level.startsWith(wanted.replace(/^critical$/, 'error')))
    this.#least = found < 0 ? LEVELS.indexOf('info') : found
  }

  /** Write a line. */
  write(level: LogLevel, event: string, fields: Fields = {}, logger = 'wistro.worker'): void {
    if (LEVELS.indexOf(level) < this.#least || (this.supervised && 'delivery' in fields)) return
    const timestamp = new Date().toISOString()
    if (this.#isText()) {
      const members = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`)
      this.out.write(`${timestamp} [${level}] ${[event, ...members].join(' ')}\n`)
      return
    }
    this.out.write(`${JSON.stringify({ ...fields, event, level, logger, timestamp })}\n`)
  }

  #isText(): boolean {
    const chosen = this.environment['WISTRO_LOG_FORMAT']
    if (chosen === 'json' || chosen === 'text') return chosen === 'text'
    return this.supervised || process.stderr.isTTY
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value)
}
