import { describe, expect, it } from 'vitest'
import { modelOf } from './model'
import { readingOrder } from './order'
import { edge, graph, step } from './testing'

describe('readingOrder', () => {
  it('begins with what starts the flow', () => {
    const model = modelOf(
      graph(
        [step('end'), step('middle'), step('begin')],
        [edge('begin', 'a', 'middle'), edge('middle', 'b', 'end'), edge('end', 'again', 'middle')],
      ),
    )
    expect(readingOrder(model)).toEqual(['begin', 'middle', 'end'])
  })
  it('has every step once, also those in a circle and those alone', () => {
    const model = modelOf(graph([step('a'), step('b'), step('c')], [edge('a', 't', 'b'), edge('b', 't', 'a'), edge('c', 't', 'c')]))
    expect(readingOrder(model)).toEqual(['c', 'a', 'b'])
  })
})
