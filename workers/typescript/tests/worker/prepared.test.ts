import { expect, test } from 'vitest'
import { z } from 'zod'

import { InvalidMessage } from '../../src/errors.js'
import { parserOf } from '../../src/loader/parsing.js'
import { PreparedStep } from '../../src/worker/prepared.js'

const order = z.object({
  id: z.string(),
  total: z.coerce.number().default(3),
  lines: z.array(z.object({ sku: z.string() })).default([]),
})

function step(kind: 'event' | 'api'): PreparedStep {
  const declared = {
    path: 'steps/it.step.ts',
    kind,
    name: 'It',
    flows: [],
    // What a JSON Schema cannot say, it says too strictly.
    receives: { placed: { type: 'object', properties: { total: { type: 'number' } } } },
    input: null,
    emits: {},
    body: null,
    responses: {},
    output: null,
    terminal: [],
    timeout: 0,
  }
  const parse = parserOf(order, declared.path)
  const loaded = { path: declared.path, config: {}, handler: () => 0, middleware: [], parse }
  return new PreparedStep('it', declared, loaded)
}

test('the schema of the step decides, and gives what the handler gets', async () => {
  const input = await step('event').load({ id: '7', total: '4' }, 'placed')
  expect(input).toEqual({ id: '7', total: 4, lines: [] })
  const request = step('api').request({ body: { id: '7' } })
  await step('api').checkBody(request)
  expect(request.body).toEqual({ id: '7', total: 3, lines: [] })
})

test('what does not fit is named as everywhere', async () => {
  const refused = step('event').load({ lines: [{ sku: 'a' }, {}] }, 'placed')
  await expect(refused).rejects.toThrow(InvalidMessage)
  await expect(refused).rejects.toThrow(/^The message on `placed` for `it` does not fit its schema: `id`/)
  await expect(refused).rejects.toMatchObject({
    issues: [{ field: 'id' }, { field: 'lines[1].sku' }],
  })
})

test('headers are found in any case', () => {
  const { headers } = step('api').request({ headers: { 'X-Token': 'ok' } })
  expect(headers['x-token']).toBe('ok')
  expect(headers['X-TOKEN']).toBe('ok')
  expect('X-Token' in headers).toBe(true)
  expect(JSON.stringify(headers)).toBe('{"x-token":"ok"}')
})
