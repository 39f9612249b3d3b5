import { expect, it } from 'vitest'
import { flowPath, runPath, startPath, taskPath, topicPath } from './paths'

it('leads to pages', () => {
  expect(runPath('orders', 'r1')).toBe('/runs/orders/r1')
  expect(runPath('orders', 'r1', 'd 1')).toBe('/runs/orders/r1?delivery=d%201')
  expect(flowPath('returns.intake', 'charge')).toBe('/flows/returns.intake?step=charge')
  expect(startPath('orders', 'api:place')).toBe('/flows/orders/start?trigger=api%3Aplace')
  expect(topicPath('order/placed')).toBe('/topics/order%2Fplaced')
  expect(taskPath('t1')).toBe('/inbox/t1')
})
