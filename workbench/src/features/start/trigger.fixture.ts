import type { Trigger } from './model'

/** An API trigger with a bit of everything. */
export const trigger: Trigger = {
  id: 'api:place_order',
  kind: 'api',
  name: 'Place an order',
  description: null,
  flow: 'orders',
  step: 'place_order',
  topic: null,
  method: 'POST',
  path: '/shops/{shop}/orders/{rest}',
  path_params: ['shop', 'rest'],
  rest_param: 'rest',
  query_params: [{ name: 'from', description: null }],
  input: { type: 'object' },
  responses: {},
  answers: true,
  signature: null,
  access: 'open',
  access_words: '',
  cron: null,
  time_zone: null,
  example: { customer: 'Ada' },
  has_example: true,
}
