/** What a worker tells people who follow runs: to the journal, and in the log of its process. */

import type { ErrorInfo, Invocation, StepResult } from './contract.js'
import type { Write } from './handlerContext.js'
import type { Log } from './log.js'
import type { Fields, Mask } from './secrets.js'
import { jsonSize } from './values.js'

const MESSAGE_LIMIT = 16 * 1024
const FIELDS_LIMIT = 64 * 1024

type Level = Parameters<Write>[0]

/** One thing that happened, or one line that a handler logged; the names are those of the wire. */
export interface JournalEntry {
  readonly kind: string
  /** Seconds since the epoch. */
  readonly at: number
  readonly flow: string
  readonly run_id: string
  readonly delivery_id: string
  readonly step: string
  readonly attempt: number
  readonly level: Level
  readonly message: string
  readonly fields: Fields
}

/** Notes what deliveries do and say, without making them wait. */
export class DeliveryJournal {
  /** Note to `append`, usually that of a `JournalBuffer`; `mask` hides secrets. */
  constructor(
    private readonly append: (entry: JournalEntry) => void,
    private readonly mask: Mask,
    private readonly out: Log,
  ) {}

  /** Note a line that a handler logged. */
  log(
    invocation: Invocation,
    attempt: number,
    level: Level,
    message: string,
    fields: unknown,
  ): void {
    const text = this.mask.text(wellFormed(String(message)))
    const masked = this.mask.fields(fields)
    this.#note('log', invocation, attempt, level, text, masked)
    const shown = Object.keys(masked).length > 0 ? { fields: masked } : {}
    const said = level === 'warn' ? 'warning' : level
    this.out.write(said, text, { ...identity(invocation, attempt), ...shown })
  }

  /** Note that an attempt begins. */
  started(invocation: Invocation, attempt: number): void {
    const { topic } = invocation
    this.#note('delivery.started', invocation, attempt, 'info', '', topic === null ? {} : { topic })
  }

  /** Note that an attempt has succeeded. */
  completed(invocation: Invocation, attempt: number, seconds: number, result: StepResult): void {
    const emitted = result.emissions.map(({ topic }) => topic)
    this.#note('delivery.completed', invocation, attempt, 'info', '', { seconds, emitted })
  }

  /** Note that an attempt has failed. Whether another follows, the machine decides. */
  failed(invocation: Invocation, attempt: number, seconds: number, error: ErrorInfo): void {
    const fields = { seconds, error }
    this.#note('delivery.failed', invocation, attempt, 'error', error.message, fields)
    this.out.write('warning', 'attempt failed', {
      ...identity(invocation, attempt),
      code: error.code,
      error: error.message,
      retryable: error.retryable,
    })
  }

  /** Note that an attempt was stopped. */
  cancelled(invocation: Invocation, attempt: number, seconds: number, reason: string | null): void {
    const fields = { seconds, reason }
    this.#note('delivery.cancelled', invocation, attempt, 'warn', reason ?? '', fields)
  }

  #note(
    kind: string,
    invocation: Invocation,
    attempt: number,
    level: Level,
    message: string,
    fields: Fields,
  ): void {
    this.append({
      kind,
      at: Date.now() / 1000,
      flow: invocation.flow,
      run_id: invocation.run_id,
      delivery_id: invocation.delivery_id,
      step: invocation.step,
      attempt,
      level,
      message: bounded(message),
      fields: boundedFields(fields),
    })
  }
}

function bounded(message: string): string {
  if (message.length <= MESSAGE_LIMIT) return message
  return `${message.slice(0, MESSAGE_LIMIT)}… (${message.length} characters)`
}

function boundedFields(fields: Fields): Fields {
  const size = jsonSize(fields)
  if (size <= FIELDS_LIMIT) return fields
  return { omitted: `${size} bytes of fields; the limit is ${FIELDS_LIMIT}` }
}

/** Half of a surrogate pair passes for text in JavaScript and nowhere else. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}

function identity({ flow, run_id: run, step, delivery_id: delivery }: Invocation, attempt: number) {
  return { flow, run, step, delivery, attempt }
}
