import { describe, expect, it } from 'vitest'
import { edgeSentence, edgeText, languageName, lookOfStep, modelOf, search, subtitle, topicInWords } from './model'
import { edge, graph, step } from './testing'

describe('modelOf', () => {
  it('puts one portal where several messages cross to a flow', () => {
    const model = modelOf(
      graph(
        [step('pay'), step('pack')],
        [
          edge('pay', 'paid', 'pack'),
          edge('pay', 'paid', 'open_meter', { kind: 'cross_flow', target_flow: 'usage' }),
          edge('pay', 'paid', 'write_letter', { kind: 'cross_flow', target_flow: 'usage' }),
          edge('pack', 'packed', 'close_meter', { kind: 'cross_flow', target_flow: 'usage' }),
          edge('order', 'ordered', 'pay', { kind: 'cross_flow', source_flow: 'usage' }),
        ],
        [{ id: 'usage', name: 'Metering' }],
      ),
    )
    const portals = model.items.filter((item) => item.type === 'portal')
    expect(portals).toMatchObject([
      { id: 'to:usage', name: 'Metering', topics: ['paid', 'packed'] },
      { id: 'from:usage', topics: ['ordered'] },
    ])
    expect(model.links.map((link) => [link.source, link.target])).toEqual([
      ['pay', 'pack'], ['pay', 'to:usage'], ['pack', 'to:usage'], ['from:usage', 'pay'],
    ])
    expect(model.links[1]?.keys).toEqual(['pay\npaid\nopen_meter', 'pay\npaid\nwrite_letter'])
  })

  it('draws the outside, and flows that are called', () => {
    const model = modelOf(
      graph(
        [step('pay')],
        [edge('', 'money', 'pay', { kind: 'outside' }), edge('pay', 'risk', 'judge', { kind: 'call', target_flow: 'risk' })],
        [{ id: 'risk', name: 'Risk' }],
      ),
    )
    expect(model.items.slice(1)).toMatchObject([
      { id: 'from:', flow: null, topics: ['money'], calls: false },
      { id: 'to:risk', flow: 'risk', topics: [], calls: true },
    ])
  })
})

describe('words', () => {
  it('says topics as people do', () => {
    expect(topicInWords('order.placed')).toBe('order placed')
    expect(topicInWords('pull_request.changed')).toBe('pull request changed')
    expect(topicInWords('orderPlaced')).toBe('order placed')
  })

  it('says labels first, and topics to engineers', () => {
    const sent = edge('a', 'payment.taken', 'b', { label: 'paid' })
    expect([edgeText(sent, false), edgeText(sent, true)]).toEqual(['paid', 'payment.taken'])
    expect(edgeText(edge('a', 'risk', 'b', { kind: 'call' }), false)).toBe('calls')
  })

  it('explains edges', () => {
    const sent = edge('a', 't', 'b', { alternative: true, conditional: true, filter: 'message.total > 100' })
    expect(edgeSentence(sent)).toBe('One of several, exactly one happens · Received if message.total > 100')
    expect(edgeSentence(edge('a', 't', 'b'))).toBe('')
  })

  it('names languages by files', () => {
    expect(languageName(step('a', { language: 'node', path: 'steps/a.step.ts' }))).toBe('TypeScript')
    expect(languageName(step('a', { language: 'node', path: 'steps/a_step.js' }))).toBe('JavaScript')
  })

  it('tells what steps without a handler wait for', () => {
    const noop = step('a', { kind: 'noop', waits_for: 'people', waiting: 'Answered by whoever has the role `lead`' })
    expect(lookOfStep(noop)).toBe('task')
    expect(lookOfStep(step('a', { kind: 'noop' }))).toBe('noop')
    expect(subtitle(noop, false).text).toBe('Answered by whoever has the role lead')
    expect(subtitle(noop, true)).toEqual({ text: 'steps/a.step.py', code: true })
  })
})

describe('search', () => {
  const model = modelOf(graph([step('pay', { name: 'Take the money', emits: ['payment.taken'] }), step('pack')], []))
  it('finds names, topics and files; every word has to be there', () => {
    expect(search(model, 'MONEY')).toEqual(['pay'])
    expect(search(model, 'payment.taken')).toEqual(['pay'])
    expect(search(model, 'steps do pack')).toEqual(['pack'])
    expect(search(model, 'money pack')).toEqual([])
    expect(search(model, '  ')).toEqual([])
  })
})
