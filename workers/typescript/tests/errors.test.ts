import { execFileSync } from 'node:child_process'

import { describe, expect, test } from 'vitest'

import { InvalidMessage, Retryable, seconds, SetupError, StepError, Terminal, WistroError } from '../src/index.js'
import { PACKAGE } from './support/projects.js'

describe('errors', () => {
  test('say who must act, and whether trying again may help', () => {
    expect(new Terminal('no').retryable).toBe(false)
    expect(new Retryable('later', { retryAfter: '1m 30s' })).toMatchObject({ retryable: true, retryAfter: 90, code: 'retryable' })
    expect(new InvalidMessage('x', { issues: [{ field: 'a', message: 'b' }] }).details).toEqual({
      issues: [{ field: 'a', message: 'b' }],
    })
    expect(String(new Terminal('no', { hint: 'ask' }))).toBe('Terminal: no\nhint: ask')
    expect(new SetupError('x', { file: 'a', line: 2 })).toMatchObject({ file: 'a', line: 2, code: 'setup_error' })
  })

  test('are instances of their classes and of none besides', () => {
    class CardDeclined extends Terminal {}
    const error = new CardDeclined('no')
    expect(error.name).toBe('CardDeclined')
    expect([CardDeclined, Terminal, StepError, WistroError].map((type) => error instanceof type)).toEqual([true, true, true, true])
    expect([Retryable, InvalidMessage, SetupError].some((type) => error instanceof type)).toBe(false)
    expect([new Terminal('x'), new Error('x'), null, 'x'].some((value) => value instanceof CardDeclined)).toBe(false)
  })

  test('are known to the other copy of the package', () => {
    const program = `
      const own = require('./dist/cjs/index.js')
      import('./dist/index.js').then(({ Terminal, StepError, Retryable }) => {
        class Mine extends own.Terminal {}
        const error = new Mine('x')
        console.log(error instanceof Terminal, error instanceof StepError, error instanceof Retryable)
      })`
    const out = execFileSync(process.execPath, ['-e', program], { cwd: PACKAGE, encoding: 'utf8' })
    expect(out).toBe('true true false\n')
  })
})

describe('durations', () => {
  test.each([
    [3, 3],
    ['30s', 30],
    ['1h 30m', 5400],
    ['2d', 172_800],
    ['0.5s', 0.5],
    ['1d1h1m1s', 90_061],
  ])('%s', (given, found) => {
    expect(seconds(given)).toBe(found)
  })

  test.each(['', 'soon', '1x', '1s 1h', -1, Number.NaN])('not %j', (given) => {
    expect(() => seconds(given)).toThrow(RangeError)
  })
})
