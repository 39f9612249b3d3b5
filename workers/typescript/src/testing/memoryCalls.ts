/** Calls that a test answers. */
import { setTimeout as sleep } from 'node:timers/promises'

import { Terminal } from '../errors.js'
import type { CallAnswer, FlowCall, FlowCalled, FlowCalls, Waiting } from '../worker/flowCalls.js'
import { ANYTHING } from '../worker/shapes.js'

/** A call that a handler made. */
export interface MadeCall {
  readonly flow: string
  /** What it was called with, as JSON. */
  readonly input: unknown
  readonly key: string | null
  readonly detached: boolean
  readonly clientContext: unknown
}

/** What flows answer, by their ids: a value, a function of the input, or an error to throw. */
export type FakeAnswers = Readonly<Record<string, unknown>>

/** Answers each call as the test says. */
export class MemoryCalls implements FlowCalls {
  readonly made: MadeCall[] = []
  /** By the ids of the calls. */
  readonly #answers = new Map<string, Promise<CallAnswer>>()

  constructor(private readonly given: FakeAnswers = {}) {}

  call(call: FlowCall, waiting: Waiting): Promise<FlowCalled> {
    const { flow, input, key, detached, client_context: clientContext } = call
    this.made.push({ flow, input, key, detached, clientContext })
    const id = String(this.made.length).padStart(32, '0')
    this.#answers.set(id, this.#answer(flow, input))
    return this.fetch(flow, id, waiting)
  }

  async fetch(flow: string, id: string, { seconds, signal }: Waiting): Promise<FlowCalled> {
    const late = sleep(seconds * 1000, null, { signal, ref: false })
    const answer = await Promise.race([this.#answers.get(id) ?? null, late])
    return { flow, call_id: id, answer }
  }

  async #answer(flow: string, input: unknown): Promise<CallAnswer> {
    if (!Object.hasOwn(this.given, flow)) throw unanswered(flow)
    const given = this.given[flow]
    if (given instanceof Error) throw given
    const answer: unknown = typeof given === 'function' ? await (given as Answering)(input) : given
    return { status: 'answered', data: ANYTHING.dump(answer ?? null, `The answer of \`${flow}\``) }
  }
}

type Answering = (input: unknown) => unknown

function unanswered(flow: string): Terminal {
  return new Terminal(`there is no flow \`${flow}\` that can be called`, {
    code: 'not_callable',
    hint: `give \`fakeContext(config, { calls: { ${JSON.stringify(flow)}: … } })\``,
  })
}
