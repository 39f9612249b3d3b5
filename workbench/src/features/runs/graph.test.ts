import { expect, it } from 'vitest'
import type { Graph } from '@/features/flows/FlowGraph/model'
import { edgeKey } from '@/features/flows/FlowGraph/overlay'
import { aDelivery, aRun } from './fixture'
import { overlayOf, stepsBeside } from './graph'

const node = (id: string, join = false) => ({ id, name: id, kind: 'event', ...(join ? { join: { badge: 'all', words: '' } } : {}) })
const edge = (source: string, topic: string, target: string) => ({ source, topic, target, kind: 'message' })
const graph = {
  nodes: [node('place'), node('charge'), node('mail'), node('complete', true)],
  edges: [edge('place', 'placed', 'charge'), edge('charge', 'paid', 'mail'), edge('charge', 'paid', 'complete'), edge('mail', 'mailed', 'complete')],
} as unknown as Graph

const run = aRun({
  deliveries: [
    aDelivery('1', { step: 'place', emissions: [{ topic: 'placed' }] }),
    aDelivery('2', { step: 'charge', topic: 'placed', parent: '1', emissions: [{ topic: 'paid' }] }),
    aDelivery('3', { step: 'mail', topic: 'paid', parent: '2', status: 'running', progress: 0.5 }),
    aDelivery('4', { step: 'mail', topic: 'paid', parent: '2' }),
  ],
  waits: [{ kind: 'join', step: 'complete', received: ['paid'], who: [] }],
})

it('lights up the steps by what matters most among their deliveries', () => {
  expect(overlayOf(run, graph).steps).toEqual({
    place: { status: 'completed' },
    charge: { status: 'completed' },
    mail: { status: 'running', counts: { running: 1, completed: 1 }, progress: 0.5 },
    complete: { status: 'waiting', note: 'has 1 message' },
  })
})

it('counts the messages on their edges, those to a join included', () => {
  expect(overlayOf(run, graph).edges).toEqual({
    [edgeKey('place', 'placed', 'charge')]: { count: 1, active: false },
    [edgeKey('charge', 'paid', 'mail')]: { count: 2, active: true },
    [edgeKey('charge', 'paid', 'complete')]: { count: 1, active: true },
  })
})

it('counts a message once that a step of another flow has received in the same run', () => {
  const across = { ...graph, edges: [{ ...edge('place', 'placed', 'stock'), kind: 'cross_flow', target_flow: 'warehouse' }] } as unknown as Graph
  const through = aRun({
    deliveries: [
      aDelivery('1', { step: 'place', emissions: [{ topic: 'placed' }] }),
      aDelivery('2', { step: 'stock', topic: 'placed', parent: '1' }),
    ],
  })
  expect(overlayOf(through, across).edges).toEqual({ [edgeKey('place', 'placed', 'stock')]: { count: 1, active: false } })
})

it('names the steps that the graph does not have', () => {
  expect(stepsBeside(aRun({ deliveries: [aDelivery('1', { step: 'old', name: 'Old step' }), aDelivery('2', { step: 'mail' })] }), graph)).toEqual(['Old step'])
})
