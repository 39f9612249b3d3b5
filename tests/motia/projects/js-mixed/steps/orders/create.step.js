const { z } = require('zod')
const { price } = require('../lib/price')

const bodySchema = z.object({ count: z.number(), note: z.string().optional() }).strict()

exports.config = {
  type: 'api',
  name: 'create',
  path: '/orders',
  method: 'POST',
  emits: ['orders.created'],
  flows: ['default'],
  bodySchema,
}

exports.handler = async (req, { emit, state, traceId }) => {
  const order = { id: traceId, total: price(req.body.count) }
  await state.set('orders', traceId, order)
  await emit({ topic: 'orders.created', data: order })
  return { status: 200, body: order }
}
