import { expect, it } from 'vitest'
import { after, changedFields, eventOf } from './model'

const frame = (event: object) => JSON.stringify({ timestamp: 1, streamName: 's', groupId: 'g', event })

it('names the fields that changed', () => {
  expect(changedFields({ a: 1, b: [1], c: 2 }, { a: 1, b: [2], d: 2 })).toEqual(['b', 'c', 'd'])
  expect(changedFields(undefined, { a: 1 })).toEqual([])
})

it('reads frames, and leaves out what it does not know', () => {
  expect(eventOf(frame({ type: 'sync', data: [{ id: '1' }, 7] }))).toEqual({ type: 'sync', items: [{ id: '1' }] })
  expect(eventOf(frame({ type: 'sync', data: null }))).toEqual({ type: 'sync', items: [] })
  expect(eventOf(frame({ type: 'update', data: { id: '1', a: 2 } }))).toEqual({ type: 'update', item: { id: '1', a: 2 } })
  expect(eventOf(frame({ type: 'event', event: { type: 'said', data: 3 } }))).toEqual({ type: 'event', name: 'said', data: 3 })
  for (const odd of ['no json', '7', frame({ type: 'resumed' }), frame({ type: 'update', data: 7 })]) expect(eventOf(odd)).toBeNull()
})

it('follows a group, and knows what changed', () => {
  let items = after([], { type: 'sync', items: [{ id: '1', a: 1 }] })
  expect(items).toEqual([{ data: { id: '1', a: 1 }, changes: 0, changed: [] }])
  items = after(items, { type: 'update', item: { id: '1', a: 2 } })
  expect(items[0]).toMatchObject({ changes: 1, changed: ['a'] })
  items = after(items, { type: 'create', item: { id: '2' } })
  expect(items.map((each) => each.data.id)).toEqual(['1', '2'])
  // The connection came back: what stayed the same does not flash again.
  const again = after(items, { type: 'sync', items: [{ id: '1', a: 2 }, { id: '3' }] })
  expect(again[0]).toBe(items[0])
  expect(again.map((each) => each.data.id)).toEqual(['1', '3'])
  expect(after(again, { type: 'delete', id: '1' }).map((each) => each.data.id)).toEqual(['3'])
})
