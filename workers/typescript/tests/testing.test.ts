import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import {
  CallFailed,
  CallPending,
  InvalidMessage,
  StoreError,
  Terminal,
  type ApiConfig,
  type EventConfig,
  type Handler,
} from '../src/index.js'
import { fakeContext, fakeRequest, MemoryState } from '../src/testing/index.js'

const config = {
  type: 'event',
  name: 'Ship the order',
  subscribes: ['payment.taken'],
  emits: ['order.shipped', { topic: 'label.printed', message: z.object({ id: z.string() }) }],
  input: z.object({ id: z.string() }),
} satisfies EventConfig

const handler: Handler<typeof config> = async ({ id }, { emit, state, streams, secrets, logger, ...ctx }) => {
  const count = await state.increment('shipped', 'all')
  logger.info('Shipping', { id, key: secrets.get('CARRIER_KEY') })
  await streams['parcels']?.set('today', id, { count })
  await streams['parcels']?.send({ groupId: 'today' }, { type: 'count', data: count })
  await emit('order.shipped', { id, count })
  await emit({ topic: 'label.printed', data: { id } })
  void ctx
}

describe('a fake context', () => {
  test('remembers what the handler did', async () => {
    const ctx = fakeContext(config, { secrets: { CARRIER_KEY: 'k' }, state: { shipped: { all: 6 } } })
    await handler({ id: '7' }, ctx)
    expect(ctx.emissions).toEqual([
      { topic: 'order.shipped', data: { id: '7', count: 7 } },
      { topic: 'label.printed', data: { id: '7' } },
    ])
    expect(ctx.emitted('label.printed')).toEqual([{ id: '7' }])
    expect(ctx.logs).toEqual([{ level: 'info', message: 'Shipping', fields: { id: '7', key: 'k' } }])
    expect(await ctx.state.get('shipped', 'all')).toBe(7)
    expect(ctx.sent).toEqual([{ stream: 'parcels', channel: { groupId: 'today' }, event: { type: 'count', data: 7 } }])
  })

  test('refuses what a worker would refuse', async () => {
    const ctx = fakeContext(config)
    // @ts-expect-error a topic that is not declared
    expect(() => ctx.emit('order.lost', {})).toThrow(Terminal)
    // @ts-expect-error another shape
    expect(() => ctx.emit('label.printed', { id: 7 })).toThrow(InvalidMessage)
    await expect(handler({ id: '7' }, ctx)).rejects.toThrow('There is no secret `CARRIER_KEY`')
  })

  test('without a config takes any topic, and says who and why as told', async () => {
    const ctx = fakeContext(null, { topic: 'a', attempt: 2, trigger: { kind: 'api', clientContext: 'me' } })
    await ctx.emit('anything', { at: new Date(0) })
    await ctx.respond({ ok: true })
    ctx.heartbeat({ done: 1 })
    expect(ctx.emitted('anything')).toEqual([{ at: '1970-01-01T00:00:00.000Z' }])
    expect([ctx.response, ctx.progress]).toEqual([{ ok: true }, [{ done: 1 }]])
    expect([ctx.topic, ctx.attempt, ctx.trigger.kind, ctx.clientContext]).toEqual(['a', 2, 'api', 'me'])
    expect([ctx.runId, ctx.idempotencyKey.startsWith(ctx.runId)]).toEqual([ctx.traceId, true])
    expect([ctx.cancelled, ctx.signal.aborted]).toEqual([false, false])
    ctx.cancel('timeout')
    expect([ctx.cancelled, ctx.signal.aborted]).toEqual([true, true])
  })

  test('goes with a fake request', async () => {
    const api = {
      type: 'api',
      name: 'Greet',
      path: '/greet/:name',
      method: 'POST',
      bodySchema: z.object({ times: z.number() }),
      responseSchema: { 200: z.string() },
    } satisfies ApiConfig
    const greet: Handler<typeof api> = async (req) => ({
      status: 200,
      body: `${req.pathParams.name} ${req.body.times} ${String(req.headers['x-id'])} ${req.rawBody.toString()}`,
    })
    const request = fakeRequest({ body: { times: 2 }, pathParams: { name: 'Ann' }, headers: { 'X-Id': '1' } })
    expect(await greet(request, fakeContext(api))).toEqual({ status: 200, body: 'Ann 2 1 {"times":2}' })
  })
})

describe('calls of flows', () => {
  test('are answered as the test says', async () => {
    const refused = new CallFailed('no', { status: 'flow_failed', flow: 'refunds', callId: 'c' })
    const calls = { quotes: ({ weight }: { weight: number }) => ({ price: weight * 2 }), refunds: refused, news: ['a'] }
    const ctx = fakeContext(null, { calls })
    expect(await ctx.call('quotes', { weight: 3 }, { key: 'first' })).toEqual({ price: 6 })
    expect(await ctx.call('news')).toEqual(['a'])
    await expect(ctx.call('refunds')).rejects.toBe(refused)
    await expect(ctx.call('nowhere')).rejects.toMatchObject({ code: 'not_callable' })
    expect(ctx.calls.map(({ flow, input, key }) => [flow, input, key])).toEqual([
      ['quotes', { weight: 3 }, 'first'],
      ['news', null, null],
      ['refunds', null, null],
      ['nowhere', null, null],
    ])
  })

  test('may take too long, and end when the handler is asked to stop', async () => {
    const ctx = fakeContext(null, { calls: { never: () => new Promise(() => undefined) } })
    await expect(ctx.call('never', null, { timeout: 0.01 })).rejects.toThrow(CallPending)
    const stopped = expect(ctx.call('never')).rejects.toMatchObject({ details: { reason: 'cancelled' } })
    ctx.cancel()
    await stopped
  })
})

describe('the state of a test', () => {
  test('has the rules of the real one', async () => {
    const state = new MemoryState({ a: { two: 2, one: { x: 1, y: 2 } } })
    expect(await state.list('a')).toEqual({ one: { x: 1, y: 2 }, two: 2 })
    expect(await state.getGroup('a')).toEqual([{ x: 1, y: 2 }, 2])
    expect(await state.compareAndSet('a', 'one', { y: 2, x: 1 }, 3)).toBe(true)
    expect(await state.compareAndSet('a', 'one', 4, 5)).toBe(false)
    expect(await state.compareAndSet('a', 'new', null, 5)).toBe(true)
    expect(await state.entry('a', 'one')).toMatchObject({ value: 3, version: 2 })
    await expect(state.set('a', 'one', 4, { ifVersion: 1 })).rejects.toThrow(StoreError)
    expect(await state.set('a', 'one', 4, { ifVersion: 2 })).toBe(4)
    expect(await state.delete('a', 'one')).toBe(4)
    expect(await state.get('a', 'one')).toBeNull()
    await state.set('a', 'text', 'x')
    await expect(state.increment('a', 'text')).rejects.toThrow(StoreError)
    expect(await state.clear('a')).toBe(3)
    expect(await state.increment('a', 'count', 2)).toBe(2)
  })

  test('is a copy', async () => {
    const state = new MemoryState()
    const value = { list: [1] }
    await state.set('a', 'b', value)
    value.list.push(2)
    const read = await state.get<typeof value>('a', 'b')
    read?.list.push(3)
    expect(await state.get('a', 'b')).toEqual({ list: [1] })
  })
})
