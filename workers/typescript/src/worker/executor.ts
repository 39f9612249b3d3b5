/** Runs steps: one attempt of one delivery at a time. Knows nothing of Temporal. */

import type { Secrets, Streams } from '../context.js'
import { Retryable, type SetupError } from '../errors.js'
import type { State } from '../state.js'
import { Abandoned, type Attempt } from './attempt.js'
import type { Invocation, StepResult } from './contract.js'
import { describe, StepFailed } from './failures.js'
import { HandlerContext, type Write } from './handlerContext.js'
import { didYouMean } from './hints.js'
import type { PreparedStep } from './prepared.js'
import { Recording } from './recording.js'

/** What handlers reach through their context. */
export interface Services {
  /** The state as the run of an invocation may use it. */
  state(invocation: Invocation): State
  /** The streams of the project, likewise. */
  streams(invocation: Invocation): Streams
  readonly secrets: Secrets
  log(invocation: Invocation, attempt: number, ...line: Parameters<Write>): void
}

/** The steps of a project. */
export interface Steps {
  readonly prepared: ReadonlyMap<string, PreparedStep>
  /** Steps that cannot be run, and why. */
  readonly broken: ReadonlyMap<string, SetupError>
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
    const recording = new Recording(step.id, step.topics, attempt.heartbeat)
    const write: Write = (...line) => {
      services.log(invocation, attempt.number, ...line)
    }
    const context = new HandlerContext({
      invocation,
      attempt,
      recording,
      flows: step.flows,
      state: services.state(invocation),
      streams: services.streams(invocation),
      secrets: services.secrets,
      write,
    })
    try {
      const returned = await Promise.race([call(step, invocation, context), attempt.abandoned])
      const output = step.dump(returned)
      const complaint = step.complaint(output)
      if (complaint !== null) write('warn', complaint, {})
      return recording.result(output)
    } finally {
      recording.close()
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

/** What the handler, or a middleware in its stead, returned. */
async function call(
  step: PreparedStep,
  invocation: Invocation,
  context: HandlerContext,
): Promise<unknown> {
  if (step.kind === 'cron') return step.handler(context)
  if (step.kind !== 'api') {
    const input = await step.load(invocation.data, invocation.topic)
    return step.handler(input, context)
  }
  const request = step.request(invocation.data)
  const handle = async (): Promise<unknown> => {
    await step.checkBody(request)
    return step.handler(request, context)
  }
  const layered = step.middleware.reduceRight<() => Promise<unknown>>(
    (next, middleware) => async () => middleware(request, context, next),
    handle,
  )
  return layered()
}
