/** An attempt as it is seen from outside: run, timed, traced and noted. */

import { Abandoned, type Attempt } from './attempt.js'
import type { Invocation, StepResult } from './contract.js'
import type { Executor } from './executor.js'
import { StepFailed } from './failures.js'
import type { DeliveryJournal } from './journal.js'
import type { Mask } from './secrets.js'
import { inAttemptSpan } from './tracing.js'

/** Makes attempts, and tells everybody who should know. */
export class Deliveries {
  constructor(
    private readonly executor: Executor,
    private readonly journal: DeliveryJournal,
    private readonly mask: Mask,
  ) {}

  /**
   * Make one attempt.
   *
   * @throws StepFailed With the error in its portable form, without secrets.
   * @throws Abandoned When the caller gave it up.
   */
  async attempt(invocation: Invocation, attempt: Attempt): Promise<StepResult> {
    const { number, cancellation } = attempt
    const begun = performance.now()
    const seconds = (): number => Math.round((performance.now() - begun) * 1000) / 1e6
    this.journal.started(invocation, number)
    try {
      const result = await inAttemptSpan(invocation, number, () => this.#run(invocation, attempt))
      this.journal.completed(invocation, number, seconds(), result)
      return result
    } catch (error) {
      if (error instanceof StepFailed) {
        this.journal.failed(invocation, number, seconds(), error.info)
      } else if (error instanceof Abandoned) {
        this.journal.cancelled(invocation, number, seconds(), cancellation.reason)
      }
      throw error
    }
  }

  async #run(invocation: Invocation, attempt: Attempt): Promise<StepResult> {
    try {
      return await this.executor.run(invocation, attempt)
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error
      throw new StepFailed(this.mask.error(error.info))
    }
  }
}
