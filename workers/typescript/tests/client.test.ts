import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { eventsOf, type ServerEvent } from '../src/client/events.js'
import { Client, type ChannelAnswer, RequestFailed, Unanswered, Unreachable } from '../src/client/index.js'

type Respond = (response: ServerResponse) => void

interface Asked {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

const CALL = '00112233445566778899aabbccddeeff'

let server: Server
let url: string
let answers: Respond[]
let asked: Asked[]

beforeEach(async () => {
  answers = []
  asked = []
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const text = Buffer.concat(parts).toString()
      const body: unknown = text === '' ? undefined : JSON.parse(text)
      asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body })
      answers.shift()?.(response)
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}): Respond =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(value))
  }
const answered = (data: unknown): Respond =>
  json({ flow: 'quotes', call_id: CALL, status: 'answered', data, response_meta: { tab: 1 }, existed: true })
const pending = json({ flow: 'quotes', call_id: CALL, status: 'pending', data: null, existed: false }, 202)
const cut: Respond = (response) => response.destroy()
const problem = (status: number, headers: Record<string, string> = {}): Respond => {
  const details = [{ field: 'input.weight', message: 'is missing' }]
  return json({ error: { code: 'a_code', message: 'Not so. hint: ask.', details, correlation_id: 'c' } }, status, headers)
}
const rejected = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => null, (error: unknown) => error)

describe('a call', () => {
  test('says what it wants', async () => {
    const at = new Date('2030-01-31T09:00:00Z')
    const scheduled = json({ flow: 'quotes', call_id: CALL, status: 'scheduled', at: at.toISOString() }, 202)
    answers.push(answered({ price: 3 }), pending, scheduled, scheduled, scheduled)
    const client = new Client({ url, token: () => Promise.resolve('key') })
    const called = await client.call<{ price: number }>('quo/tes', { weight: 3 }, {
      wait: '1m',
      idempotencyKey: 'k',
      clientContext: { app: 'shop' },
      responseMeta: { tab: 1 },
      respondTo: { target: 'channel', user: 'anna' },
    })
    expect(called).toEqual({
      flow: 'quotes', callId: CALL, existed: true, status: 'answered', data: { price: 3 }, responseMeta: { tab: 1 },
    })
    expect(await client.call('quotes', undefined, { wait: 0 })).toEqual({
      flow: 'quotes', callId: CALL, existed: false, status: 'pending',
    })
    const later = { flow: 'quotes', callId: CALL, existed: false, status: 'scheduled', at }
    expect(await client.call('quotes', 1, { at })).toEqual(later)
    expect(await client.call('quotes', 1, { after: '1h' })).toEqual(later)
    expect(await client.call('quotes', 1, { cron: '0 3 * * 1', timeZone: 'Europe/Paris', overlap: 'skip' })).toEqual(later)
    expect(asked.map(({ line, body }) => [line, body])).toEqual([
      ['POST /call/quo%2Ftes', {
        input: { weight: 3 },
        client_context: { app: 'shop' },
        response_meta: { tab: 1 },
        respond_to: { target: 'channel', user: 'anna' },
      }],
      ['POST /call/quotes', { input: null }],
      ['POST /call/quotes', { input: 1, schedule: { at: '2030-01-31T09:00:00.000Z' } }],
      ['POST /call/quotes', { input: 1, schedule: { after: 3600 } }],
      ['POST /call/quotes', { input: 1, schedule: { cron: '0 3 * * 1', time_zone: 'Europe/Paris', overlap: 'skip' } }],
    ])
    expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer key', prefer: 'wait=60', 'idempotency-key': 'k' })
    expect(asked[1]?.headers).toMatchObject({ prefer: 'respond-async' })
    expect(asked[1]?.headers).not.toHaveProperty('idempotency-key')
  })

  test('is asked for again', async () => {
    answers.push(cut, answered(1))
    const called = await new Client({ url }).fetch<number>('quotes', CALL, { wait: 2.5 })
    expect(called.status === 'answered' && called.data).toBe(1)
    expect(asked.map(({ line }) => line)).toEqual(Array(2).fill(`GET /call/quotes/${CALL}?wait=2.5`))
    expect(asked[0]?.headers).not.toHaveProperty('authorization')
  })

  test('is made again only with a key', async () => {
    const client = new Client({ url })
    answers.push(cut, cut, answered(1))
    expect(await client.call('quotes', 1, { idempotencyKey: 'k' })).toMatchObject({ data: 1 })
    expect(asked).toHaveLength(3)
    answers.push(cut)
    expect(await rejected(client.call('quotes'))).toBeInstanceOf(Unreachable)
    expect(asked).toHaveLength(4)
    const away = new Client({ url: 'http://127.0.0.1:9', patience: 0 })
    expect(await rejected(away.call('quotes', 1, { idempotencyKey: 'k' }))).toMatchObject({
      name: 'Unreachable', code: 'unreachable', status: 0, retryable: true,
    })
  })

  test('that is refused says which field is wrong', async () => {
    answers.push(problem(422), problem(503), json('text'))
    const client = new Client({ url })
    const refused = await rejected(client.call('quotes'))
    expect(refused).toBeInstanceOf(RequestFailed)
    expect(refused).not.toBeInstanceOf(Unanswered)
    expect(refused).toMatchObject({
      message: 'Not so', hint: 'ask.', code: 'a_code', status: 422, correlationId: 'c', retryable: false,
      issues: [{ field: 'input.weight', message: 'is missing' }],
    })
    expect(await rejected(client.call('quotes'))).toMatchObject({ status: 503, retryable: true })
    expect(await rejected(client.call('quotes'))).toMatchObject({ code: 'not_wistro' })
  })

  test('without an answer names its run', async () => {
    answers.push(problem(502, { 'wistro-run-id': CALL }))
    const failed = await rejected(new Client({ url }).call('quotes'))
    expect(failed).toBeInstanceOf(Unanswered)
    expect(failed).toMatchObject({ code: 'a_code', status: 502, flow: 'quotes', callId: CALL })
  })

  test('ends when its signal says so', async () => {
    answers.push(() => undefined)
    const reason = new Error('the page is closed')
    const controller = new AbortController()
    const call = rejected(new Client({ url }).call('quotes', 1, { idempotencyKey: 'k', signal: controller.signal }))
    while (asked.length < 1) await new Promise((soon) => setTimeout(soon, 5))
    controller.abort(reason)
    expect(await call).toBe(reason)
  })
})

const stream =
  (...events: string[]): Respond =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    for (const event of events) response.write(event)
    response.end()
  }

describe('several answers', () => {
  const call = { flow: 'news', call_id: CALL }
  const event = (name: string, id: number, more: object = {}): string =>
    `event: ${name}\nid: ${id}\nretry: 10\ndata: ${JSON.stringify({ ...call, ...more })}\n\n`
  const begun = event('called', 0)
  const one = event('answer', 1, { number: 1, data: 'a' })
  const two = event('answer', 2, { number: 2, data: 'b' })

  async function all(options: object = {}): Promise<unknown[]> {
    const found: unknown[] = []
    for await (const { number, data, callId } of new Client({ url }).follow<string>('news', { of: 'today' }, options)) {
      found.push([callId, number, data])
    }
    return found
  }

  test('come one by one, and the call is made once', async () => {
    answers.push(stream(begun, one), problem(503), stream(event('called', 1), two, event('end', 2, { status: 'answered' })))
    expect(await all({ responseMeta: 7 })).toEqual([[CALL, 1, 'a'], [CALL, 2, 'b']])
    expect(asked.map(({ line }) => line)).toEqual(['POST /call/news', ...Array<string>(2).fill(`GET /call/news/${CALL}`)])
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1', '1'])
    expect(asked[0]?.body).toEqual({ input: { of: 'today' }, response_meta: 7 })
    expect(asked.every(({ headers }) => headers.accept === 'text/event-stream')).toBe(true)
  })

  test('may end in a failure', async () => {
    const error = { code: 'too_late', message: 'the news are over' }
    answers.push(stream(begun, one, event('end', 1, { status: 'flow_failed', error })))
    expect(await rejected(all())).toMatchObject({ name: 'Unanswered', code: 'too_late', flow: 'news', callId: CALL })
  })

  test('are asked for again before the call is known with a key only', async () => {
    answers.push(cut, stream(begun, event('end', 0, { status: 'answered' })))
    expect(await all({ idempotencyKey: 'k' })).toEqual([])
    answers.push(cut)
    expect(await rejected(all())).toBeInstanceOf(Unreachable)
    answers.push(problem(422))
    expect(await rejected(all())).toMatchObject({ status: 422 })
    answers.push(answered(1))
    expect(await rejected(all())).toMatchObject({ code: 'not_wistro' })
    expect(asked).toHaveLength(5)
  })
})

describe('a channel', () => {
  const answer = (id: number, call: string, more: object): string =>
    `event: answer\nid: ${id}\ndata: ${JSON.stringify({ flow: 'news', call_id: call, ...more })}\n\n`
  const hello = 'event: connected\nid: 6\nretry: 10\ndata: {"seq":6}\n\n'
  const one = answer(7, 'a', { status: 'answered', data: 1, response_meta: { tab: 1 }, number: 1, last: false })
  const two = answer(8, 'b', { status: 'flow_failed', error: { code: 'x', message: 'y' }, path: ['z'], number: 1, last: true })
  const three = answer(9, 'a', { status: 'ended', response_meta: null, number: 2, last: true })

  test('comes back where it was, whatever happens to connections', async () => {
    answers.push(stream(hello, ': keep-alive\n\n', one), problem(503), cut, stream(two, three))
    const client = new Client({ url, token: 'mine' })
    const found: ChannelAnswer[] = []
    for await (const message of client.channel('anna@shop', { token: 'ws1.x' })) {
      found.push(message)
      if (found.length === 3) break
    }
    expect(found).toEqual([
      { id: '7', flow: 'news', callId: 'a', status: 'answered', data: 1, error: null, path: [], responseMeta: { tab: 1 }, number: 1, last: false },
      { id: '8', flow: 'news', callId: 'b', status: 'flow_failed', data: null, error: { code: 'x', message: 'y' }, path: ['z'], responseMeta: null, number: 1, last: true },
      { id: '9', flow: 'news', callId: 'a', status: 'ended', data: null, error: null, path: [], responseMeta: null, number: 2, last: true },
    ])
    expect(asked.map(({ line }) => line)).toEqual(Array(4).fill('GET /_wistro/channels/anna%40shop'))
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '7', '7', '7'])
    expect(asked[0]?.headers.authorization).toBe('Bearer ws1.x')
  })

  test('is refused to others, and ends when its signal says so', async () => {
    answers.push(problem(401))
    const client = new Client({ url })
    expect(await rejected(client.channel('anna').next())).toMatchObject({ status: 401, code: 'a_code' })
    answers.push((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(hello)
    })
    const controller = new AbortController()
    const next = rejected(client.channel('anna', { signal: controller.signal }).next())
    while (asked.length < 2) await new Promise((soon) => setTimeout(soon, 5))
    controller.abort()
    expect(await next).toMatchObject({ name: 'AbortError' })
  })
})

describe('server-sent events', () => {
  async function read(text: string, size: number): Promise<ServerEvent[]> {
    const bytes = new TextEncoder().encode(text)
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
        controller.close()
      },
    })
    const found: ServerEvent[] = []
    for await (const event of eventsOf(body, 1000)) found.push(event)
    return found
  }

  test.each([1, 2, 7, 1000])('are read by the standard, %i bytes at a time', async (size) => {
    const text = '\ufeff: a comment\r\ndata: one\r\ndata:two\rdata\n\nid: 7\nevent: x\nretry: 20\nretry: no\nodd: 1\ndata: é: ü\n\nevent: y\n\ndata: cut'
    expect(await read(text, size)).toEqual([
      { event: 'message', data: 'one\ntwo\n', id: '', retry: null },
      { event: 'x', data: 'é: ü', id: '7', retry: 20 },
    ])
  })

  test('of a connection that is silent end', async () => {
    const silent = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) })
    const found: ServerEvent[] = []
    for await (const event of eventsOf(silent, 20)) found.push(event)
    expect(found).toEqual([])
  })
})

test('the package has it for both kinds of modules, without any other package', async () => {
  const name = 'wistro/client'
  const modules = [await import(name), createRequire(import.meta.url)(name)] as { Client: typeof Client }[]
  for (const module of modules) {
    answers.push(answered(1))
    expect(await new module.Client({ url }).call('quotes')).toMatchObject({ data: 1 })
  }
})
