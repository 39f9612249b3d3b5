import { describe, expect, it } from 'vitest'
import { Retryable, Terminal } from 'wistro'
import { fakeContext } from 'wistro/testing'
import { config, handler } from '../steps/charge-card.step'

const order = { order_id: 'a', email: 'ada@example.com', card: 'tok_visa', total: 3750 }

describe('charging a card', () => {
  it('takes the payment once for each delivery', async () => {
    const first = fakeContext(config)
    const again = fakeContext(config, { attempt: 2 })
    await handler(order, first)
    await handler(order, again)
    expect(first.emitted('payment.taken')).toHaveLength(1)
    expect(again.emissions).toEqual(first.emissions)
  })

  it('tells of a refused card', async () => {
    const ctx = fakeContext(config)
    await handler({ ...order, card: 'tok_declined' }, ctx)
    expect(ctx.emissions).toEqual([
      { topic: 'payment.refused', data: { order_id: 'a', reason: 'the bank declined the card' } },
    ])
  })

  it('tries again when the provider is busy', async () => {
    const busy = { ...order, card: 'tok_busy' }
    await expect(handler(busy, fakeContext(config))).rejects.toBeInstanceOf(Retryable)
    const third = fakeContext(config, { attempt: 3 })
    await handler(busy, third)
    expect(third.emitted('payment.taken')).toHaveLength(1)
  })

  it('leaves an unknown card to somebody', async () => {
    const lost = { ...order, card: 'tok_lost' }
    await expect(handler(lost, fakeContext(config))).rejects.toBeInstanceOf(Terminal)
  })
})
