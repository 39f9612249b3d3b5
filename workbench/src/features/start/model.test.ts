import { describe, expect, test } from 'vitest'
import { bodyOf, detailsIn, draftOf, headersOf, inMode, obstacle, targetOf, type Trigger, tryOf } from './model'
import { trigger } from './trigger.fixture'

const call: Trigger = { ...trigger, id: 'call:quote', kind: 'call', path: '/call/quotes', path_params: [], query_params: [], access: 'token' }

test('a draft starts from the example of the schema', () => {
  const draft = draftOf(trigger)
  expect(draft).toMatchObject({ mode: 'form', body: { customer: 'Ada' }, query: [{ name: 'from', value: '' }], sign: false })
  expect(obstacle(draft, trigger)).toBe('The path needs shop and rest.')
  expect(draftOf({ ...trigger, input: null, has_example: false })).toMatchObject({ mode: 'json', text: '' })
})

test('or from an earlier run', () => {
  const draft = draftOf(trigger, {
    flow: 'orders',
    run_id: 'r',
    status: 'completed',
    started_at: '2030-01-01T00:00:00Z',
    path_params: { shop: 'bern' },
    query: { tag: ['a', 'b'] },
    headers: { 'x-channel': 'web' },
    body: null,
    text: 'a=1',
  })
  expect(draft).toMatchObject({ mode: 'text', text: 'a=1', pathParams: { shop: 'bern', rest: '' }, headers: [{ name: 'x-channel', value: 'web' }] })
  expect(draft.query).toEqual([{ name: 'tag', value: 'a' }, { name: 'tag', value: 'b' }, { name: 'from', value: '' }])
})

describe('what is sent', () => {
  const draft = { ...draftOf(trigger), pathParams: { shop: 'zürich/1', rest: 'a/b c' } }

  test('paths and queries are encoded', () => {
    expect(targetOf({ ...draft, query: [{ name: 'q', value: 'a&b' }, { name: 'x', value: '' }] }, trigger)).toBe('/shops/z%C3%BCrich%2F1/orders/a/b%20c?q=a%26b')
  })

  test('headers say when and how a run starts', () => {
    const later = { ...draft, after: '10m', key: 'k', waits: false, headers: [{ name: ' X-A ', value: '1' }, { name: '', value: 'no' }] }
    expect(headersOf(later, trigger).map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'Content-Type: application/json', 'Idempotency-Key: k', 'Wistro-Delay: 10m', 'Prefer: respond-async', 'X-A: 1',
    ])
  })

  test('calls carry their input', () => {
    expect(tryOf(draftOf(call), call, 'quotes')).toMatchObject({ body: { input: { customer: 'Ada' } }, as_myself: true, sign: false })
  })

  test('GET has no body', () => {
    const get = { ...trigger, method: 'GET' }
    expect(bodyOf(draft, get)).toBeNull()
    expect(headersOf(draft, get)).toEqual([])
  })

  test('a JSON text goes along between the modes', () => {
    const json = inMode(draft, 'json')
    expect(json.text).toBe('{\n  "customer": "Ada"\n}')
    expect(inMode({ ...json, text: '{"customer": "Grace"}' }, 'form').body).toEqual({ customer: 'Grace' })
    const broken = { ...json, text: '{' }
    expect(obstacle(broken, { ...trigger, path_params: [] })).toBe('The body is not JSON yet.')
    expect(inMode(broken, 'form').body).toEqual({ customer: 'Ada' })
  })
})

test('the details of an answer are found', () => {
  const tried = { status: 422, text: '{"error": {"details": [{"field": "body.a", "message": "no"}, 5]}}' } as never
  expect(detailsIn(tried)).toEqual([{ field: 'body.a', message: 'no' }])
  expect(detailsIn({ status: 200, text: '{}' } as never)).toEqual([])
  expect(detailsIn({ status: 500, text: 'oh' } as never)).toEqual([])
})
