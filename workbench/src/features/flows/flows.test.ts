import { expect, it } from 'vitest'
import { matching } from './flows'

const flow = (id: string, more = {}) => ({
  id, name: id, app: null, description: null, owner: null, triggers: [], starts: [], entry_topics: [], steps: 1, ...more,
})

it('finds flows by names, owners and triggers', () => {
  const flows = [
    flow('orders', { owner: 'The shop', starts: [{ step: 'p', kind: 'api' as const, name: 'Place an order', words: 'POST /orders' }] }),
    flow('usage', { entry_topics: ['environment.started'] }),
  ]
  expect(matching(flows, '').map(({ id }) => id)).toEqual(['orders', 'usage'])
  expect(matching(flows, 'post SHOP').map(({ id }) => id)).toEqual(['orders'])
  expect(matching(flows, 'started').map(({ id }) => id)).toEqual(['usage'])
  expect(matching(flows, 'nothing')).toEqual([])
})
