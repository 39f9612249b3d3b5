import { expect, test } from 'vitest'
import { errorsInText, formatted, placeOf } from './jsonErrors'

const text = '{\n  "customer": 5,\n  "lines": [{"a.b": 1}, {"count": 0}]\n}'
const at = (field: string) => {
  const { from, to } = placeOf(text, field)
  return text.slice(from, to)
}

test('values are found by their path', () => {
  expect(at('customer')).toBe('5')
  expect(at('lines.1.count')).toBe('0')
  expect(at('lines.0.a.b')).toBe('1')
  expect(at('lines')).toBe('"lines"')
  expect(at('lines.1')).toBe('{')
  expect(at('lines.1.missing')).toBe('{')
  expect(at('')).toBe('{')
})

test('a text is checked against its schema', () => {
  const schema = { type: 'object', properties: { customer: { type: 'string' } } }
  expect(errorsInText(text, schema)).toEqual([{ from: 16, to: 17, message: 'Expected a text.' }])
  expect(errorsInText(text)).toEqual([])
  expect(errorsInText('', schema)).toEqual([])
})

test('what is no JSON is pointed at', () => {
  const [error] = errorsInText('{"a": 1,, "b": 2}')
  expect(error?.from).toBe(8)
  expect(error?.message).toMatch(/^This is not JSON: /)
  expect(errorsInText('{"a": ')).toHaveLength(1)
  expect(errorsInText('nonsense')).toHaveLength(1)
})

test('JSON is laid out, and nothing else', () => {
  expect(formatted('{"a":1}')).toBe('{\n  "a": 1\n}')
  expect(formatted('{"a":')).toBe('{"a":')
})
