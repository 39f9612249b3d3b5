import { z } from 'zod'

/** @satisfies {import('wistro').EventConfig} */
export const config = {
  type: 'event',
  name: 'Tell the customer',
  description: 'Sends the receipt by mail; the mail server of this example is a log line.',
  flows: ['orders'],
  subscribes: ['payment.taken'],
  emits: ['customer.notified'],
  input: z.object({ order_id: z.string(), email: z.string(), receipt: z.string() }),
}

/** @type {import('wistro').Handler<typeof config>} */
export const handler = async ({ order_id, email, receipt }, ctx) => {
  ctx.logger.info('Sent the receipt', { to: email, receipt })
  await ctx.emit({ topic: 'customer.notified', data: { order_id, receipt } })
}
