import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { InvalidMessage, StoreError, Terminal } from '../../src/errors.js'
import { Log } from '../../src/worker/log.js'
import { RemoteState } from '../../src/worker/remoteState.js'
import { remoteStreams } from '../../src/worker/remoteStreams.js'
import { WorkerApi } from '../../src/worker/workerClient.js'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

const silent = new Log({}, { write: () => true })

let server: Server
let address: string
let answers: Answer[]
let asked: { path: string; token: string; body: unknown }[]

beforeEach(async () => {
  answers = []
  asked = []
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(parts).toString())
      asked.push({ path: request.url ?? '', token: request.headers.authorization ?? '', body })
      answers.shift()?.(response, request)
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const json =
  (value: unknown, status = 200): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }
const problem = (status: number, code: string, message: string, details: unknown[] = []): Answer =>
  json({ error: { code, message, details, correlation_id: 'c' } }, status)
const cut: Answer = (response) => response.destroy()

function state(timeout = 1000): RemoteState {
  let count = 0
  return new RemoteState(new WorkerApi(address, silent, timeout), () => `token-${(count += 1)}`)
}

test('each request has a token of its own', async () => {
  answers.push(json({ entry: null }), json({ entry: null }))
  const values = state()
  await values.get('g', 'a')
  await values.get('g', 'b')
  expect(asked).toEqual([
    { path: '/_wistro/worker/v1/state/get', token: 'Bearer token-1', body: { group: 'g', key: 'a' } },
    { path: '/_wistro/worker/v1/state/get', token: 'Bearer token-2', body: { group: 'g', key: 'b' } },
  ])
})

test('what was not done is done again, whatever it is', async () => {
  answers.push(problem(503, 'unavailable', 'busy'), problem(429, 'busy', 'busy'), json({ value: 3 }))
  expect(await state().increment('g', 'n', 3)).toBe(3)
  expect(asked).toHaveLength(3)
})

test('what may have been done is done again only when that does no harm', async () => {
  answers.push(cut, problem(502, 'x', 'x'), json({ entry: { value: 1 } }))
  expect(await state().get('g', 'k')).toBe(1)
  answers.push(cut)
  await expect(state().increment('g', 'n')).rejects.toMatchObject({
    code: 'store_outcome_unknown',
    retryable: true,
  })
  answers.push(problem(504, 'x', 'x'))
  await expect(state().set('g', 'k', 1, { ifVersion: 2 })).rejects.toMatchObject({
    code: 'store_outcome_unknown',
  })
  expect(asked).toHaveLength(5)
})

test('a slow answer is no answer', async () => {
  answers.push(() => undefined, json({ entry: null }))
  expect(await state(50).get('g', 'k')).toBeNull()
  expect(asked).toHaveLength(2)
})

test('refusals have the code, the hint and the meaning that the API gives them', async () => {
  answers.push(problem(409, 'state_conflict', 'Somebody was faster. hint: read it again.'))
  await expect(state().set('g', 'k', 1)).rejects.toMatchObject({
    code: 'state_conflict',
    message: 'Somebody was faster',
    hint: 'read it again.',
    retryable: true,
  })
  answers.push(problem(413, 'body_too_large', 'A body of 5 bytes'))
  const tooLarge = { code: 'value_too_large', retryable: false }
  await expect(state().set('g', 'k', 1)).rejects.toMatchObject(tooLarge)
  answers.push(problem(422, 'invalid_body', 'no'))
  await expect(state().get('g', 'k')).rejects.toMatchObject({ retryable: false })
})

test('an API that is not there', async () => {
  const nobody = new WorkerApi(address, silent)
  await new Promise((closed) => server.close(closed))
  const calling = nobody.call('/state/get', '{}', { repeatable: false, patience: 100 })
  await expect(calling).rejects.toThrow(StoreError)
  await expect(calling).rejects.toMatchObject({ code: 'store_unavailable', retryable: true })
})

test('values are copied, and must be JSON', async () => {
  await expect(state().set('g', 'k', () => 1)).rejects.toThrow(Terminal)
  answers.push(json({ entry: {} }))
  const value = { at: new Date(0) }
  expect(await state().set<unknown>('g', 'k', value)).toEqual({ at: '1970-01-01T00:00:00.000Z' })
})

test('a group is read page after page', async () => {
  const page = (keys: string[], next: string | null) =>
    json({ items: keys.map((key) => ({ key, value: key.toUpperCase() })), next })
  answers.push(page(['a', 'b'], 'b'), page(['c'], null))
  expect(await state().list('g')).toEqual({ a: 'A', b: 'B', c: 'C' })
  expect(asked.map(({ body }) => (body as { after: unknown }).after)).toEqual([null, 'b'])
})

test('a stream names the fields that its schema refuses, for good', async () => {
  const streams = remoteStreams(['chat'], new WorkerApi(address, silent), () => 't')
  answers.push(problem(422, 'validation_failed', 'No.', [{ field: 'text', message: 'is missing' }]))
  const refused = streams['chat']?.set('g', '1', {})
  await expect(refused).rejects.toThrow(InvalidMessage)
  await expect(refused).rejects.toMatchObject({ issues: [{ field: 'text' }], retryable: false })
  expect(() => streams['chta']).toThrow('There is no stream `chta`')
  expect('chat' in streams).toBe(true)
})
