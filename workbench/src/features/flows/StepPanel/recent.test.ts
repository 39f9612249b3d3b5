import { expect, it } from 'vitest'
import { recentOf } from './recent'

function entry(seq: number, kind: string, delivery: string) {
  return { seq, kind, project: 'shop', at: seq, run_id: 'r1', delivery_id: delivery, level: 'info' as const, message: '', fields: {}, attempt: 1 }
}

it('tells each delivery once, with what it came to last, the newest first', () => {
  const recent = recentOf([
    entry(1, 'delivery.failed', 'a'), entry(2, 'delivery.held', 'a'), entry(3, 'log', 'a'), entry(4, 'delivery.completed', 'b'), entry(5, 'delivery.skipped', 'a'),
  ])
  expect(recent.map(({ delivery, status }) => [delivery, status])).toEqual([['a', 'skipped'], ['b', 'completed']])
})

it('goes by when something happened, in whatever order it was handed in', () => {
  const held = { ...entry(1, 'delivery.held', 'a'), at: 8 }
  const failed = { ...entry(2, 'delivery.failed', 'a'), at: 7 }
  expect(recentOf([held, failed]).map(({ status }) => status)).toEqual(['held'])
})
