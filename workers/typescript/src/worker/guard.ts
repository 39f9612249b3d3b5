/** Keeps this process alive whatever the code of handlers does beside their attempts. */

import { Terminal } from '../errors.js'
import { describe } from './failures.js'
import type { Log } from './log.js'
import type { Mask } from './secrets.js'

/**
 * Log what nobody caught, and let no handler end the process.
 *
 * @param mask Hides secrets.
 * @param root The project's folder: stacks show its frames.
 */
export function guardProcess(log: Log, mask: Mask, root: string): void {
  const uncaught = (event: string) => (thrown: unknown) => {
    const { message, stack, code } = mask.error(describe(thrown, { root }))
    log.write('error', event, { error: message, code, ...(stack === null ? {} : { stack }) })
  }
  process.on('unhandledRejection', uncaught('a promise that nobody awaits was rejected'))
  process.on('uncaughtException', uncaught('an error that nobody caught'))
  process.exit = (code) => {
    throw new Terminal(`the handler called \`process.exit(${code ?? ''})\`, which would end the worker`, {
      code: 'handler_exited',
      hint: 'throw an error, or return',
    })
  }
}
