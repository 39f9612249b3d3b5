import { describe, expect, it } from 'vitest'
import { framesOf, headOf } from './stack'

const PYTHON = `Traceback (most recent call last):
  File "steps/check_stock.step.py", line 29, in handler
    _look(order, ctx)
  File "/usr/lib/python3.11/site-packages/lib.py", line 7, in call
    ...
  File "steps/check_stock.step.py", line 18, in _look
    raise ValueError("no stock")
    ^^^^^^^^^^^
ValueError: no stock
`
const NODE = `Retryable: the provider is busy
    at handler (steps/charge-card.step.ts:32:46)
    at async run (/opt/wistro/dist/worker.js:10:3)
    at node:internal/process/task_queues:95:5
caused by ProviderBusy: the provider is busy
    at charge (file:///srv/shop/payments/provider.ts:29:49)
    at steps/charge-card.step.ts:27:27`
const GO = `panic: no parcel
goroutine 7 [running]:
shop/steps.ship(0x1, {0x2, 0x3})
\tsteps/ship_order.step.go:41 +0x1d
runtime/debug.Stack()
\t/usr/local/go/src/runtime/debug/stack.go:26 +0x5e`

describe('framesOf', () => {
  it('tells the latest call of Python first', () => {
    expect(framesOf(PYTHON).map((each) => [each.path, each.line, each.name, each.ours])).toEqual([
      ['steps/check_stock.step.py', 18, '_look', true],
      ['/usr/lib/python3.11/site-packages/lib.py', 7, 'call', false],
      ['steps/check_stock.step.py', 29, 'handler', true],
    ])
  })

  it('reads Node, causes and async calls included', () => {
    expect(framesOf(NODE).map((each) => [each.path, each.line, each.name, each.ours])).toEqual([
      ['steps/charge-card.step.ts', 32, 'handler', true],
      ['/opt/wistro/dist/worker.js', 10, 'run', false],
      ['node:internal/process/task_queues', 95, '(top level)', false],
      ['/srv/shop/payments/provider.ts', 29, 'charge', false],
      ['steps/charge-card.step.ts', 27, '(top level)', true],
    ])
  })

  it('reads Go, where the function is on the line before', () => {
    expect(framesOf(GO).map((each) => [each.path, each.line, each.name, each.ours])).toEqual([
      ['steps/ship_order.step.go', 41, 'shop/steps.ship', true],
      ['/usr/local/go/src/runtime/debug/stack.go', 26, 'runtime/debug.Stack', false],
    ])
  })

  it('finds nothing in what is no stack', () => {
    expect(framesOf('at the end (of the day)')).toEqual([])
  })
})

it('keeps the error and its causes', () => {
  expect(headOf(PYTHON)).toEqual(['ValueError: no stock'])
  expect(headOf(NODE)).toEqual(['Retryable: the provider is busy', 'caused by ProviderBusy: the provider is busy'])
})
