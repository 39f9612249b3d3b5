import { expect, test } from 'vitest'

import { Retryable, Terminal } from '../../src/errors.js'
import { describe } from '../../src/worker/failures.js'

function withStack(error: Error, ...frames: string[]): Error {
  error.stack = [`${error.name}: ${error.message}`, ...frames.map((f) => `    at ${f}`)].join('\n')
  return error
}

test('what is not an error is described too', () => {
  expect(describe('no')).toMatchObject({ message: 'no', type: 'NonError', retryable: true })
  expect(describe(undefined).message).toBe('the handler threw `undefined`')
  expect(describe({ message: 'odd' })).toMatchObject({ message: 'odd', stack: null })
  expect(describe(Object.create(null)).message).toBe('the handler threw `{}`')
})

test('an error goes by the name it gives itself, its class and its base classes', () => {
  class PaymentError extends Error {}
  class Declined extends PaymentError {
    override name = 'CardDeclined'
  }
  expect(describe(new Declined('x')).type).toBe('CardDeclined')
  for (const name of ['CardDeclined', 'Declined', 'PaymentError']) {
    expect(describe(new Declined('x'), { terminal: [name] }).retryable, name).toBe(false)
  }
  expect(describe(new PaymentError('x'), { terminal: ['CardDeclined'] }).retryable).toBe(true)
})

test('a timeout of the language is one of ours', async () => {
  const signal = AbortSignal.timeout(1)
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  expect(describe(signal.reason).code).toBe('timeout')
})

test('ours say what they know', () => {
  const soon = new Retryable('soon', { retryAfter: '1m 30s', hint: 'wait', details: { n: 1 } })
  expect(describe(soon)).toMatchObject({
    code: 'retryable',
    type: 'Retryable',
    retry_after: 90,
    details: { n: 1, hint: 'wait' },
  })
  expect(describe(new Terminal('no')).details).toBeNull()
})

test('a stack shows the project, and where in a library it was thrown', () => {
  const error = withStack(
    new Error('away'),
    'post (/shop/node_modules/http/index.js:1:2)',
    'request (/shop/node_modules/http/inner.js:3:4)',
    'charge (file:///shop/src/charge.ts?t=1:5:6)',
    'async handler (/shop/steps/charge.step.ts:7:8)',
    'process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
  )
  error.cause = withStack(new TypeError('refused'), 'dial (/shop/src/dial.ts:9:1)')
  expect(describe(error, { root: '/shop' }).stack).toBe(
    [
      'Error: away',
      '    at post (/shop/node_modules/http/index.js:1:2)',
      '    at charge (/shop/src/charge.ts:5:6)',
      '    at async handler (/shop/steps/charge.step.ts:7:8)',
      'caused by TypeError: refused',
      '    at dial (/shop/src/dial.ts:9:1)',
    ].join('\n'),
  )
})

test('our own frames are not shown', () => {
  expect(describe(new Terminal('x'), { root: '/shop' }).stack).not.toContain('src/worker')
})
