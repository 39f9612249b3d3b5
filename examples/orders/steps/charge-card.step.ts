import { Retryable, Terminal, type EventConfig, type Handler } from 'wistro'
import { z } from 'zod'
import { CardRefused, CardUnknown, ProviderBusy, charge } from '../payments/provider'

export const config = {
  type: 'event',
  name: "Charge the customer's card",
  description: "Asks the payment provider for the order's total, again if it is busy, and never twice.",
  flows: ['orders'],
  subscribes: ['order.placed'],
  emits: [
    { topic: 'payment.taken', label: 'paid' },
    { topic: 'payment.refused', label: 'card refused', conditional: true },
  ],
  input: z.object({
    order_id: z.string(),
    email: z.string(),
    card: z.string(),
    total: z.number().int(),
  }),
  retry: { attempts: 5, firstDelay: 0.2 },
  onFailure: 'hold',
} satisfies EventConfig

export const handler: Handler<typeof config> = async (order, ctx) => {
  const { order_id, email, card, total } = order
  try {
    const receipt = await charge({ amount: total, card, idempotencyKey: ctx.idempotencyKey }, ctx.attempt)
    ctx.logger.info('Charged the card', { cents: total, receipt })
    await ctx.streams.progress.set('orders', order_id, { stage: 'paid' })
    await ctx.emit({ topic: 'payment.taken', data: { order_id, email, receipt } })
  } catch (error) {
    if (error instanceof ProviderBusy) throw new Retryable(error.message, { retryAfter: 0.2, cause: error })
    if (error instanceof CardUnknown) throw new Terminal(error.message, { cause: error })
    if (!(error instanceof CardRefused)) throw error
    await ctx.streams.progress.set('orders', order_id, { stage: 'refused' })
    await ctx.emit({ topic: 'payment.refused', data: { order_id, reason: error.message } })
  }
}
