/**
 * The size of results: checked before they are sent, because an answer that Temporal refuses is no
 * answer. A completion that is too large would end the attempt only at its timeout, and name neither
 * the step nor the size.
 */

import type { ErrorInfo, StepResult } from './contract.js'
import { jsonSize } from './values.js'

/** The error of a result that is too large: it names the largest part. */
export function oversized(step: string, result: StepResult, size: number, limit: number): ErrorInfo {
  const parts: [string, unknown][] = [
    ...result.emissions.map(({ topic, data }): [string, unknown] => [
      `the message on \`${topic}\``,
      data,
    ]),
    ['what it returned', result.output],
    ['its response', result.response],
  ]
  const [largest] = parts
    .map(([name, part]) => ({ name, bytes: jsonSize(part) }))
    .sort((one, other) => other.bytes - one.bytes)
  return {
    code: 'result_too_large',
    message:
      `the result of \`${step}\` has ${grouped(size)} bytes, the limit is ${grouped(limit)}; ` +
      `the largest part is ${largest?.name} with ${grouped(largest?.bytes ?? 0)} bytes of JSON`,
    type: 'ResultTooLarge',
    stack: null,
    details: {
      size,
      limit,
      hint: 'store the content elsewhere and send its address, or raise `limits.message_size`',
    },
    retryable: false,
    retry_after: null,
  }
}

function grouped(number: number): string {
  return number.toLocaleString('en-US')
}
