import { expect, it } from 'vitest'
import type { Entry } from '@/api/live'
import { ends, idOf, passedIn, type Topic, withFresh, withOlder } from './model'

const entry = (seq: number, more: Partial<Entry>): Entry => ({
  seq, project: 'shop', at: seq, kind: 'delivery.completed', flow: 'orders', run_id: `r${seq}`, delivery_id: 'd', step: 'place', level: 'info', message: '', fields: {}, ...more,
})

it('finds the messages of a topic among what happens, the newest first', () => {
  const found = passedIn(
    [
      entry(1, { fields: { emitted: ['placed', 'other', 'placed'] } }),
      entry(2, { kind: 'log', fields: { emitted: 'placed' } }),
      entry(2, { kind: 'delivery.told', fields: { emitted: ['placed'], told: 3 } }),
      entry(3, { kind: 'run.started', message: 'event:placed', delivery_id: null }),
      entry(4, { kind: 'run.started', message: 'api:placed' }),
      entry(5, { fields: {} }),
    ],
    'placed',
  )
  expect(found.map(idOf)).toEqual(['orders/r3//0', 'orders/r2/d/0/3', 'orders/r1/d/1', 'orders/r1/d/0'])
  expect(found[0]?.step).toBeNull()
})

it('shows each message once, whichever way it came', () => {
  const [newer, older] = [passedIn([entry(2, { fields: { emitted: ['t'] } })], 't'), passedIn([entry(1, { fields: { emitted: ['t'] } })], 't')]
  const all = withOlder(withFresh([], newer), [...newer, ...older])
  expect(all.map((message) => message.seq)).toEqual([2, 1])
  expect(withFresh(all, newer)).toEqual(all)
  expect(withFresh(all, [], 1)).toHaveLength(1)
})

it('says in a sentence where messages come from and go to', () => {
  const topic: Topic = { name: 't', shared: false, external: true, emitters: [], subscribers: [], awaited_by: [], sources: [], receivers: [] }
  const end = (name: string) => ({ step: name, name, flows: [], conditional: false })
  expect(ends(topic)).toBe('Outside → nobody')
  expect(ends({ ...topic, sources: [end('A')], receivers: [end('B'), end('C'), end('D')] })).toBe('A → B, C and 1 more')
})
