import { expect, test } from 'vitest'

import { jsonable, NotJson } from '../../src/worker/values.js'

class Money {
  constructor(readonly cents: number) {}
}

test.each([
  ['what JSON is', { a: [1, 'x', true, null], b: {} }, { a: [1, 'x', true, null], b: {} }],
  ['what is not there', { a: undefined, b: [undefined] }, { b: [null] }],
  ['dates and all that say what they are', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
  ['instances of classes', new Money(5), { cents: 5 }],
  ['no numbers', [Number.NaN, Infinity, -0], [null, null, -0]],
  ['errors, which would be empty', new TypeError('no'), { name: 'TypeError', message: 'no' }],
  ['nothing', undefined, null],
])('%s', (_, value, copy) => {
  expect(jsonable(value)).toEqual(copy)
})

test.each([
  ['`a[1]` is a function', { a: [1, () => 1] }],
  ['it is a bigint', 1n],
  ['`when` is a Promise', { when: Promise.resolve() }],
  ['`m` is a Map', { m: new Map() }],
  ['`b` is a Uint8Array', { b: new Uint8Array(1) }],
  ['text with half of a surrogate pair', { s: '\udc00' }],
  ['a name with half of a surrogate pair', { '\ud800': 1 }],
])('%s', (message, value) => {
  expect(() => jsonable(value)).toThrow(NotJson)
  expect(() => jsonable(value)).toThrow(message)
})

test('a copy is a copy', () => {
  const value = { lines: [{ n: 1 }] }
  const copy = jsonable(value)
  value.lines[0] = { n: 2 }
  expect(copy).toEqual({ lines: [{ n: 1 }] })
})

test('no name sets a prototype', () => {
  const copy = jsonable(JSON.parse('{"__proto__": {"admin": true}}')) as { admin?: boolean }
  expect(copy.admin).toBeUndefined()
  expect(JSON.stringify(copy)).toBe('{"__proto__":{"admin":true}}')
})
