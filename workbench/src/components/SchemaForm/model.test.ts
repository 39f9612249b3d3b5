import { describe, expect, test } from 'vitest'
import { blankOf, closest, errorsBelow, errorsIn, moved, renamed, withKey } from './model'
import { fieldOf, type JsonSchema, plain, resolve } from './schema'

const order: JsonSchema = {
  type: 'object',
  required: ['customer', 'lines'],
  additionalProperties: false,
  properties: {
    customer: { type: 'string', title: 'Customer', minLength: 1 },
    note: { anyOf: [{ type: 'string' }, { type: 'null' }], default: null },
    lines: { type: 'array', minItems: 1, items: { $ref: '#/$defs/Line' } },
    payment: {
      oneOf: [
        { type: 'object', title: 'Card', required: ['kind', 'number'], properties: { kind: { const: 'card' }, number: { type: 'string' } } },
        { type: 'object', required: ['kind', 'days'], properties: { kind: { const: 'invoice' }, days: { type: 'integer' } } },
      ],
    },
  },
  $defs: {
    Line: {
      type: 'object',
      required: ['article', 'count'],
      properties: { article: { type: 'string' }, count: { type: 'integer', minimum: 1 }, parts: { type: 'array', items: { $ref: '#/$defs/Line' } } },
    },
  },
}

describe('fields', () => {
  const field = (schema: JsonSchema) => fieldOf(schema, schema)

  test('a nullable text is a text', () => {
    expect(field({ anyOf: [{ type: 'string', title: 'Note' }, { type: 'null' }] })).toMatchObject({ kind: 'text', nullable: true, title: 'Note' })
    expect(field({ type: ['null', 'integer'], maximum: 9 })).toMatchObject({ kind: 'number', nullable: true, most: 9 })
    expect(field({ enum: ['a', null], type: ['string', 'null'] })).toMatchObject({ kind: 'choice', nullable: true, options: [{ value: 'a' }] })
  })

  test('formats and bounds', () => {
    expect(field({ type: 'string', format: 'date-time' })).toMatchObject({ kind: 'text', format: 'date-time' })
    expect(field({ type: 'string', maxLength: 2000 })).toMatchObject({ format: 'multiline' })
    expect(field({ type: 'integer', minimum: 1, exclusiveMaximum: 5 })).toMatchObject({ least: 1, most: 5, step: 1, whole: true })
  })

  test('choices of constants are one choice', () => {
    const options = [{ const: 'a', title: 'Letter A' }, { const: 'b' }]
    expect(field({ oneOf: options })).toMatchObject({ kind: 'choice', options: [{ label: 'Letter A', value: 'a' }, { label: 'b', value: 'b' }] })
  })

  test('variants are named by their title, their tag or their type', () => {
    const payment = (order.properties as Record<string, JsonSchema>).payment as JsonSchema
    expect(fieldOf(payment, order)).toMatchObject({ kind: 'variants', variants: [{ label: 'Card' }, { label: 'invoice' }] })
    expect(field({ anyOf: [{ type: 'string' }, { type: 'array' }] })).toMatchObject({ variants: [{ label: 'Text' }, { label: 'List' }] })
  })

  test('allOf is merged, also of one property', () => {
    const schema: JsonSchema = {
      allOf: [{ $ref: '#/$defs/a' }, { properties: { x: { maximum: 5 } }, required: ['y'] }],
      $defs: { a: { type: 'object', properties: { x: { type: 'integer', maximum: 9 } }, required: ['x'] } },
    }
    const found = fieldOf(schema, schema)
    expect(found.kind === 'object' && found.properties.map(({ name, required }) => [name, required])).toEqual([['x', true], ['y', true]])
    const x = found.kind === 'object' ? found.properties[0] : undefined
    expect(x && fieldOf(x.schema, schema)).toMatchObject({ kind: 'number', whole: true, most: 5 })
  })

  test('maps, open objects and closed ones', () => {
    expect(field({ type: 'object', additionalProperties: { type: 'integer' } })).toMatchObject({ more: { type: 'integer' } })
    expect(field({ type: 'object' })).toMatchObject({ more: {} })
    expect(field(order)).toMatchObject({ more: null })
  })

  test('what cannot be drawn is JSON', () => {
    expect(field({})).toMatchObject({ kind: 'raw' })
    expect(field({ type: ['string', 'array'] })).toMatchObject({ kind: 'raw' })
    expect(field({ $ref: '#/$defs/nowhere' })).toMatchObject({ kind: 'raw' })
  })

  test('a reference to itself ends', () => {
    const loop: JsonSchema = { $ref: '#' }
    expect(resolve(loop, loop)).toEqual({})
    expect(plain({ $ref: '#/$defs/a' }, { $defs: { a: { $ref: '#/$defs/a' } } }).schema).toEqual({})
  })
})

describe('blank values', () => {
  test('hold what is required and what has a default', () => {
    expect(blankOf(order, order)).toEqual({ customer: '', note: null, lines: [{ article: '' }] })
  })

  test('end where a schema goes on for ever', () => {
    const endless: JsonSchema = { type: 'object', required: ['next'], properties: { next: { $ref: '#' } } }
    expect(JSON.stringify(blankOf(endless, endless))).toContain('next')
  })
})

describe('errors', () => {
  const fields = (value: unknown) => errorsIn(order, value as never).map(({ field }) => field)

  test('are at their field', () => {
    expect(fields({ customer: 'Ada', lines: [{ article: 'tea', count: 1 }] })).toEqual([])
    expect(fields({ customer: '', lines: [{ article: 5, count: 0 }] })).toEqual(['customer', 'lines.0.article', 'lines.0.count'])
    expect(fields({ lines: [{ article: 'tea', count: 1 }], extra: 1 })).toEqual(['customer', 'extra'])
    expect(fields(undefined)).toEqual([''])
  })

  test.each([
    [{ minimum: 2 }, 1, 'Expected 2 or more.'],
    [{ exclusiveMinimum: 0 }, 0, 'Expected more than 0.'],
    [{ maximum: -1.5 }, 0, 'Expected -1.5 or less.'],
    [{ exclusiveMaximum: 5 }, 5, 'Expected less than 5.'],
    [{ multipleOf: 5 }, 6, 'Expected a multiple of 5.'],
    [{ minLength: 1 }, '', 'This must not be empty.'],
    [{ maxLength: 2 }, 'abc', 'Expected at most 2 characters.'],
    [{ minItems: 1 }, [], 'Expected at least 1 item.'],
    [{ maxItems: 1 }, [1, 2], 'Expected at most 1 item.'],
    [{ format: 'email' }, 'x', 'This is not a valid email.'],
    [{ pattern: '^a$' }, 'x', 'This does not have the expected form.'],
  ])('are told in words: %j', (schema, value, message) => {
    expect(errorsIn(schema, value)).toEqual([{ field: '', message }])
  })

  test('of a choice are those of the one that is meant', () => {
    const whole = { customer: 'Ada', lines: [{ article: 'tea', count: 1 }] }
    expect(errorsIn(order, { ...whole, payment: { kind: 'invoice', days: 'ten' } })).toEqual([{ field: 'payment.days', message: 'Expected a whole number.' }])
    expect(fields({ ...whole, payment: { kind: 'card' } })).toEqual(['payment.number'])
  })

  test('of nullable fields speak of what is there', () => {
    const whole = { customer: 'Ada', lines: [{ article: 'tea', count: 1 }] }
    expect(errorsIn(order, { ...whole, note: 5 })).toEqual([{ field: 'note', message: 'Expected a text.' }])
  })

  test('of the server are put below their part', () => {
    const details = [{ field: 'body.lines.0', message: 'no' }, { field: 'body', message: 'all' }, { field: 'headers.x', message: 'h' }]
    expect(errorsBelow(details, 'body')).toEqual([{ field: 'lines.0', message: 'no' }, { field: '', message: 'all' }])
  })
})

test('the option that a value comes nearest to', () => {
  const options = [{ type: 'string' }, { type: 'object', properties: { kind: { const: 'b' } } }, { type: 'integer' }]
  expect(closest(options, 'x', {})).toBe(0)
  expect(closest(options, { kind: 'b' }, {})).toBe(1)
  expect(closest(options, 7, {})).toBe(2)
  expect(closest(options, undefined, {})).toBe(0)
})

test('objects and lists are changed in place', () => {
  expect(Object.entries(withKey({ a: 1, b: 2 }, 'a', 3))).toEqual([['a', 3], ['b', 2]])
  expect(withKey({ a: 1 }, 'a', undefined)).toEqual({})
  expect(Object.keys(renamed({ a: 1, b: 2 }, 'a', 'c'))).toEqual(['c', 'b'])
  expect(renamed({ a: 1, b: 2 }, 'a', 'b')).toEqual({ a: 1, b: 2 })
  expect(moved([1, 2, 3], 2, -1)).toEqual([1, 3, 2])
})
