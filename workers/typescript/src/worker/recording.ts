/** What a handler does during one attempt: kept until it has succeeded, gone when it fails. */

import { InvalidMessage, Terminal } from '../errors.js'
import type { Emission, StepResult } from './contract.js'
import type { Write } from './handlerContext.js'
import { closest } from './hints.js'
import type { PreparedStep } from './prepared.js'
import { ANYTHING, type Shape } from './shapes.js'
import { jsonSize } from './values.js'

const PROGRESS_LIMIT = 64 * 1024

/** The effects of one attempt. */
export class Recording {
  readonly #emissions: Emission[] = []
  #response: unknown = null
  #responded = false
  #closed = false

  readonly #step: string
  readonly #topics: ReadonlyMap<string, Shape>
  readonly #lenient: boolean

  /**
   * @param step What is run.
   * @param log Where it is noted what Motia's rules let pass.
   * @param report Takes progress.
   * @param answer What the flow answers to those who call it.
   */
  constructor(
    { id, topics, lenient }: Pick<PreparedStep, 'id' | 'topics' | 'lenient'>,
    private readonly log: Write,
    private readonly report: (progress: unknown) => void,
    private readonly answer: Shape = ANYTHING,
  ) {
    this.#step = id
    this.#topics = topics
    this.#lenient = lenient
  }

  /** Keep a message of a declared topic. */
  emit(topic: string, data: unknown): void {
    this.checkOpen('emit')
    const anyTopic = this.#lenient && this.#topics.size === 0
    const shape = anyTopic ? ANYTHING : this.#topics.get(topic)
    if (shape !== undefined) {
      this.#emissions.push({ topic, data: this.#message(topic, data, shape) })
      return
    }
    const refusal = this.#undeclared(topic)
    if (!this.#lenient) throw refusal
    this.log('error', `${refusal.message}; the message is left out`, { hint: refusal.hint })
  }

  /** Keep the answer. */
  respond(data: unknown): void {
    this.checkOpen('respond')
    if (this.#responded) {
      throw new Terminal(`\`${this.#step}\` responds a second time; a run answers once`, {
        code: 'already_responded',
        hint: 'respond with everything at once, or emit a message',
      })
    }
    this.#response = this.answer.dump(data, `The answer of \`${this.#step}\``)
    this.#responded = true
  }

  /** Report progress. */
  heartbeat(details: unknown): void {
    this.checkOpen('heartbeat')
    const progress = ANYTHING.dump(details, `The progress of \`${this.#step}\``)
    const size = jsonSize(progress)
    if (size > PROGRESS_LIMIT) {
      throw new Terminal(
        `the progress of \`${this.#step}\` has ${size} bytes, the limit is ${PROGRESS_LIMIT}`,
        { code: 'progress_too_large', hint: 'report counts, and emit or store the rest' },
      )
    }
    this.report(progress)
  }

  /** All of it, with what the handler returned. */
  result(output: unknown): StepResult {
    return {
      emissions: [...this.#emissions],
      output,
      response: this.#response,
      responded: this.#responded,
    }
  }

  /** The attempt is over: whatever its promises still do has no effect. */
  close(): void {
    this.#closed = true
  }

  /** Refuse `what` when the attempt is over. */
  checkOpen(what: string): void {
    if (!this.#closed) return
    throw new Terminal(`\`${this.#step}\` uses \`ctx.${what}\` after its attempt is over`, {
      code: 'attempt_over',
      hint: 'await every promise that the handler starts, and stop when `ctx.cancelled`',
    })
  }

  #message(topic: string, data: unknown, shape: Shape): unknown {
    const what = `The message that \`${this.#step}\` emits on \`${topic}\``
    try {
      return shape.dump(data, what)
    } catch (error) {
      if (!this.#lenient || !(error instanceof InvalidMessage)) throw error
      const message = ANYTHING.dump(data, what)
      this.log('warn', error.message, {})
      return message
    }
  }

  #undeclared(topic: string): Terminal {
    const declared = [...this.#topics.keys()].sort()
    const names = declared.map((name) => `\`${name}\``).join(', ')
    const match = closest(topic, declared)
    return new Terminal(
      `\`${this.#step}\` emits on \`${topic}\`, a topic that it does not declare: it declares ` +
        (names || 'none'),
      {
        code: 'undeclared_topic',
        hint: match ? `did you mean \`${match}\`?` : `add \`${topic}\` to \`emits\` in its config`,
        details: { topic, declared },
      },
    )
  }
}
