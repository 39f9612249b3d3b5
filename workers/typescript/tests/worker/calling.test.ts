/** `ctx.call` as the worker makes it, against a worker API that answers what a test says. */

import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { CallFailed, CallPending } from '../../src/calls.js'
import { InvalidMessage, StoreError, Terminal } from '../../src/errors.js'
import { Attempt } from '../../src/worker/attempt.js'
import { Calling } from '../../src/worker/calling.js'
import { type Invocation, readInvocation } from '../../src/worker/contract.js'
import { Log } from '../../src/worker/log.js'
import { Recording } from '../../src/worker/recording.js'
import { RemoteCalls } from '../../src/worker/remoteCalls.js'
import { Shape } from '../../src/worker/shapes.js'
import { WorkerApi } from '../../src/worker/workerClient.js'

type Body = Readonly<Record<string, unknown>>
type Answer = (response: ServerResponse, body: Body) => void

const RUN = '0af7651916cd43dd8448eb211c80319c'
const CALL = '00112233445566778899aabbccddeeff'
const silent = new Log({}, { write: () => true })

let server: Server
let address: string
let answers: Answer[]
let asked: { path: string; token: string; body: Body }[]

beforeEach(async () => {
  answers = []
  asked = []
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString()) as Body
      asked.push({ path: request.url ?? '', token: request.headers.authorization ?? '', body })
      answers.shift()?.(response, body)
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
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
const called = (answer: unknown): Answer => json({ flow: 'quotes', call_id: CALL, answer })
const answered = (data: unknown): Answer => called({ status: 'answered', data, error: null, path: [] })
const problem = (status: number, code: string, details: unknown[] = []): Answer =>
  json({ error: { code, message: 'no. hint: ask', details, correlation_id: 'c' } }, status)
const cut: Answer = (response) => response.destroy()
const never: Answer = () => undefined

interface Made {
  readonly attempt: Attempt
  readonly calling: Calling
  readonly recording: Recording
}

function attempt(changed: Partial<Invocation> = {}): Made {
  const invocation = readInvocation({
    project: 'shop',
    flow: 'orders',
    run_id: RUN,
    build: '1',
    step: 'it',
    delivery_id: 'd',
    idempotency_key: `${RUN}:d`,
    trigger: { kind: 'call', by: 'key:till', client_context: { app: 'till' }, depth: 2, traceparent: 't' },
    released: 1,
    ...changed,
  })
  const made = new Attempt(1)
  const step = { id: 'it', topics: new Map(), lenient: false }
  const recording = new Recording(step, () => undefined, () => undefined)
  const calls = new RemoteCalls(new WorkerApi(address, silent), () => 'run-token')
  return { attempt: made, recording, calling: new Calling({ invocation, attempt: made, recording, calls }) }
}

test('a call says which one it is, and who calls', async () => {
  answers.push(answered({ price: 3 }))
  const { calling } = attempt()
  expect(await calling.call('quotes', { weight: 3 })).toEqual({ price: 3 })
  expect(asked).toEqual([
    {
      path: '/_wistro/worker/v1/calls/call',
      token: 'Bearer run-token',
      body: {
        flow: 'quotes',
        input: { weight: 3 },
        number: 1,
        key: null,
        delivery_id: 'd',
        idempotency_key: `${RUN}:d`,
        released: 1,
        depth: 2,
        detached: false,
        by: 'key:till',
        client_context: { app: 'till' },
        traceparent: 't',
        wait: 25,
      },
    },
  ])
})

test('calls without a key are counted as they are made', async () => {
  answers.push(answered(1), answered(2), answered(3), answered(4))
  const { calling } = attempt()
  const options = { key: 'mine', detached: true, clientContext: null }
  const given = await Promise.all([
    calling.call('quotes'),
    calling.call('quotes', 1, options),
    calling.call('quotes'),
  ])
  expect(given.sort()).toEqual([1, 2, 3])
  const bodies = asked.map(({ body }) => body)
  expect(bodies.map(({ number }) => number).sort()).toEqual([1, 2, null])
  const keyed = bodies.find(({ key }) => key === 'mine')
  expect(keyed).toMatchObject({ number: null, detached: true, client_context: null, input: 1 })
})

test('it is asked again until there is an answer, whatever happens to connections', async () => {
  answers.push(cut, problem(503, 'unavailable'), called(null), cut, called(null), answered('late'))
  const { calling } = attempt()
  expect(await calling.call('quotes')).toBe('late')
  const paths = asked.map(({ path }) => path.split('/').at(-1))
  expect(paths).toEqual(['call', 'call', 'call', 'fetch', 'fetch', 'fetch'])
  expect(asked.at(-1)?.body).toEqual({ flow: 'quotes', call_id: CALL, wait: 25 })
})

test('a call without an answer has failed, and says how', async () => {
  const error = { code: 'unknown_order', message: 'there is no order `7`', http_status: 404 }
  answers.push(called({ status: 'flow_failed', data: null, error, path: ['ask', 'look'] }))
  const failed = await attempt().calling.call('quotes').catch((raised: unknown) => raised)
  expect(failed).toBeInstanceOf(CallFailed)
  expect(failed).toBeInstanceOf(Terminal)
  expect(failed).toMatchObject({
    name: 'CallFailed',
    message: 'the call of `quotes` has no answer: there is no order `7`',
    code: 'unknown_order',
    status: 'flow_failed',
    flow: 'quotes',
    callId: CALL,
    retryable: false,
    details: { flow: 'quotes', call_id: CALL, status: 'flow_failed', path: ['ask', 'look'] },
  })
})

test('what the API refuses is refused for good', async () => {
  answers.push(
    problem(403, 'forbidden'),
    problem(422, 'validation_failed', [{ field: 'input.weight', message: 'is missing' }]),
    problem(401, 'token_expired'),
  )
  const { calling } = attempt()
  const refused = () => calling.call('quotes').catch((raised: unknown) => raised)
  expect(await refused()).toMatchObject({ name: 'Terminal', code: 'forbidden', hint: 'ask' })
  const misfit = await refused()
  expect(misfit).toBeInstanceOf(InvalidMessage)
  expect(misfit).toMatchObject({ issues: [{ field: 'input.weight', message: 'is missing' }] })
  const expired = await refused()
  expect(expired).toBeInstanceOf(StoreError)
  expect(expired).toMatchObject({ code: 'token_expired', retryable: true })
})

test('it is waited for as long as the handler says; then the next attempt goes on', async () => {
  const afterItsWait: Answer = (response, { wait }) => {
    setTimeout(() => called(null)(response, {}), Number(wait) * 1000)
  }
  answers.push(called(null), ...Array<Answer>(9).fill(afterItsWait))
  const begun = performance.now()
  const late = await attempt()
    .calling.call('quotes', null, { timeout: 0.25 })
    .catch((raised: unknown) => raised)
  expect(performance.now() - begun).toBeGreaterThan(245)
  expect(late).toBeInstanceOf(CallPending)
  expect(late).toMatchObject({
    name: 'CallPending',
    code: 'call_pending',
    retryable: true,
    details: { flow: 'quotes', call_id: CALL },
  })
  const waits = asked.map(({ body }) => Number(body['wait']))
  expect(waits.slice(0, 2).every((wait) => wait > 0 && wait <= 0.25)).toBe(true)
})

test('waiting ends at once when the handler is asked to stop', async () => {
  answers.push(called(null), never)
  const { attempt: asking, calling } = attempt()
  const answer = calling.call('quotes').catch((raised: unknown) => raised)
  while (asked.length < 2) await new Promise((soon) => setTimeout(soon, 5))
  const begun = performance.now()
  asking.cancellation.set('timeout')
  expect(await answer).toMatchObject({
    code: 'call_pending',
    details: { flow: 'quotes', call_id: CALL, reason: 'timeout' },
  })
  expect(performance.now() - begun).toBeLessThan(5_000)
})

test('nothing outlives the attempt', async () => {
  answers.push(never)
  const { recording, calling } = attempt()
  void calling.call('quotes')
  const awaited = calling.call('quotes').catch((raised: unknown) => raised)
  recording.close()
  calling.close()
  expect(await awaited).toMatchObject({ details: { reason: 'attempt_over' } })
  expect(() => calling.call('quotes')).toThrow(expect.objectContaining({ code: 'attempt_over' }) as Error)
})

interface Golden {
  readonly of: string
  readonly message: { readonly call_id: string; readonly answer: { readonly status: string; readonly data: unknown } | null }
}

const CONTRACT = new URL('../../../contract/', import.meta.url)
const read = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, CONTRACT), 'utf8')) as T
const golden = readdirSync(new URL('messages/valid', CONTRACT))
  .map((name) => ({ name, ...read<Golden>(`messages/valid/${name}`) }))
  .filter(({ of, message }) => /^worker_api\/Calls(Call|Fetch)Answer$/.test(of) && message.answer !== null)

test.each(golden)('the answer $name is understood, and requests are what the API takes', async ({ message }) => {
  answers.push(called(null), json(message))
  const { calling } = attempt()
  const ended = await calling.call('quotes', [1], { timeout: 9.5 }).catch((raised: unknown) => raised)
  if (message.answer?.status === 'answered') expect(ended).toEqual(message.answer.data)
  else expect(ended).toMatchObject({ name: 'CallFailed', callId: message.call_id })
  for (const { path, body } of asked) {
    const name = path.endsWith('/call') ? 'CallsCall' : 'CallsFetch'
    new Shape(read(`schemas/worker_api/${name}.json`)).check(body, name)
  }
  expect(asked).toHaveLength(2)
})

test('what JSON cannot carry is refused before anything is called', () => {
  expect(() => attempt().calling.call('quotes', { at: () => 1 })).toThrow(InvalidMessage)
  expect(() => attempt().calling.call('quotes', 1, { timeout: 'soon' })).toThrow(/expected seconds/)
  expect(asked).toEqual([])
})
