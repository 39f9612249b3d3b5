/** Runs steps: one attempt of one delivery at a time. Knows nothing of Temporal. */

import type { Secrets, Streams } from '../context.js'
import { InvalidMessage, Retryable, type SetupError } from '../errors.js'
import type { State } from '../state.js'
import { Abandoned, type Attempt } from './attempt.js'
import { Calling } from './calling.js'
import type { Invocation, StepResult } from './contract.js'
import { describe, StepFailed } from './failures.js'
import type { FlowCalls } from './flowCalls.js'
import { HandlerContext, type Write } from './handlerContext.js'
import { didYouMean } from './hints.js'
import type { PreparedStep } from './prepared.js'
import { Recording } from './recording.js'
import type { Request } from './request.js'
import type { Shape } from './shapes.js'

/** What handlers reach through their context. */
export interface Services {
  /** The state as the run of an invocation may use it. */
  state(invocation: Invocation): State
  /** The streams of the project, likewise. */
  streams(invocation: Invocation): Streams
  /** Flows, called for the run of an invocation. */
  calls(invocation: Invocation): FlowCalls
  readonly secrets: Secrets
  log(invocation: Invocation, attempt: number, ...line: Parameters<Write>): void
}

/** The steps of a project. */
export interface Steps {
  readonly prepared: ReadonlyMap<string, PreparedStep>
  /** Steps that cannot be run, and why. */
  readonly broken: ReadonlyMap<string, SetupError>
  /** What flows answer to those who call them, by flow. */
  readonly answers: ReadonlyMap<string, Shape>
}

/** Runs the steps of a project by their ids. */
export class Executor {
  /**
   * @param steps One that is broken fails when it is run, and only then.
   * @param services What handlers reach.
   * @param root The project's folder; stacks show its frames.
   */
  constructor(
    private readonly steps: Steps,
    private readonly services: Services,
    private readonly root?: string,
  ) {}

  /**
   * Make one attempt.
   *
   * @throws StepFailed With the error in its portable form.
   * @throws Abandoned When the caller gave it up; what the handler did has no effect then.
   */
  async run(invocation: Invocation, attempt: Attempt): Promise<StepResult> {
    let step: PreparedStep | undefined
    try {
      step = this.#find(invocation.step)
      return await this.#attempt(step, invocation, attempt)
    } catch (error) {
      if (error instanceof Abandoned) throw error
      throw new StepFailed(describe(error, { terminal: step?.terminal ?? [], root: this.root }))
    }
  }

  async #attempt(
    step: PreparedStep,
    invocation: Invocation,
    attempt: Attempt,
  ): Promise<StepResult> {
    const { services } = this
    const write: Write = (...line) => {
      services.log(invocation, attempt.number, ...line)
    }
    const recording = new Recording(step, write, attempt.heartbeat, this.steps.answers.get(invocation.flow))
    const calling = new Calling({ invocation, attempt, recording, calls: services.calls(invocation) })
    const context = new HandlerContext({
      invocation,
      attempt,
      recording,
      calling,
      flows: step.flows,
      state: services.state(invocation),
      streams: services.streams(invocation),
      secrets: services.secrets,
      write,
    })
    try {
      const returned = await Promise.race([new Call(step, context, write).run(invocation), attempt.abandoned])
      const output = step.dump(returned)
      const complaint = step.complaint(output)
      if (complaint !== null) write('warn', complaint, {})
      return recording.result(output)
    } finally {
      recording.close()
      calling.close()
    }
  }

  #find(id: string): PreparedStep {
    const step = this.steps.prepared.get(id)
    if (step !== undefined) return step
    const broken = this.steps.broken.get(id)
    if (broken !== undefined) throw broken
    // Another worker may have it, or this one after it was updated.
    throw new Retryable(`This worker has no step \`${id}\``, {
      code: 'unknown_step',
      hint: didYouMean(id, [...this.steps.prepared.keys()].sort()),
    })
  }
}

/** One call of a handler, with its middleware around it. */
class Call {
  constructor(
    private readonly step: PreparedStep,
    private readonly context: HandlerContext,
    private readonly write: Write,
  ) {}

  /** What the handler, or a middleware in its stead, returned. */
  async run({ data, topic }: Invocation): Promise<unknown> {
    const { step, context } = this
    // Taken out, so that it is no method: not for `this`, and not in stacks.
    const { handler } = step
    if (step.kind === 'cron') return handler(context)
    if (step.kind !== 'api') {
      const input = await this.#tolerate(() => step.load(data, topic), data)
      return handler(input, context)
    }
    const handle: GoOn = async (request) => {
      await this.#tolerate(() => step.checkBody(request), undefined)
      return handler(request, context)
    }
    const layered = step.middleware.reduceRight<GoOn>(
      (next, middleware) => async (request) =>
        middleware(request, context, (changed: Request = request) => next(changed)),
      handle,
    )
    return layered(step.request(data))
  }

  /** What `check` gives; by Motia's rules `otherwise` and a warning, when data does not fit. */
  async #tolerate<T>(check: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await check()
    } catch (error) {
      if (!this.step.lenient || !(error instanceof InvalidMessage)) throw error
      this.write('warn', error.message, {})
      return otherwise
    }
  }
}

type GoOn = (request: Request) => Promise<unknown>
