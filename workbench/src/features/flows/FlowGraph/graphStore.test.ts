import { describe, expect, it } from 'vitest'
import { stabilised } from './graphStore'
import { edgeKey, type GraphOverlay } from './overlay'

describe('stabilised', () => {
  it('keeps what says the same, so that only what changed is drawn anew', () => {
    const before: GraphOverlay = {
      steps: { pay: { status: 'completed' }, ship: { status: 'running', progress: 0.2 } },
      edges: { [edgeKey('pay', 'paid', 'ship')]: { count: 1 } },
    }
    const next: GraphOverlay = structuredClone(before)
    next.steps = { ...next.steps, ship: { status: 'running', progress: 0.4 } }
    const kept = stabilised(before, next)
    expect(kept?.steps.pay).toBe(before.steps.pay)
    expect(kept?.steps.ship).toEqual({ status: 'running', progress: 0.4 })
    expect(kept?.edges[edgeKey('pay', 'paid', 'ship')]).toBe(before.edges[edgeKey('pay', 'paid', 'ship')])
    expect(stabilised(before, null)).toBeNull()
  })
})
