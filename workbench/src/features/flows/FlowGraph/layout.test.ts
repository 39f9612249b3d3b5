import ELK from 'elkjs'
import { describe, expect, it } from 'vitest'
import { better, elkGraph, labelWidth, laidOut, roundedPath } from './layout'
import { modelOf, STEP_HEIGHT, STEP_WIDTH } from './model'
import { edge, graph, step } from './testing'

const shop = modelOf(
  graph(
    [step('place'), step('pay'), step('ship'), step('turn_down')],
    [
      edge('place', 'placed', 'pay'),
      edge('pay', 'paid', 'ship', { label: 'paid' }),
      edge('pay', 'refused', 'turn_down', { conditional: true }),
      edge('ship', 'again', 'pay'),
    ],
  ),
)

describe('elkGraph', () => {
  it('gives each topic a place of its own to leave', () => {
    const pay = elkGraph(shop).children?.find((node) => node.id === 'pay')
    expect(pay?.ports?.map((port) => port.id)).toEqual(['>pay', 'pay>0', 'pay>1'])
  })

  it('takes the sizes of nodes that draw themselves', () => {
    const pay = elkGraph(shop, { pay: { width: 256, height: 180 } }).children?.find((node) => node.id === 'pay')
    expect(pay?.height).toBe(180)
  })

  it('is the same question for the same graph', () => {
    expect(JSON.stringify(elkGraph(shop))).toBe(JSON.stringify(elkGraph(shop)))
  })
})

describe('laidOut', () => {
  it('goes from left to right, with room for labels, and no node over another', async () => {
    const { positions, routes } = laidOut(await new ELK().layout(elkGraph(shop)))
    const x = (id: string) => positions[id]?.x ?? Number.NaN
    expect(x('place')).toBeLessThan(x('pay'))
    expect(x('pay') - x('place')).toBeGreaterThan(STEP_WIDTH + labelWidth('placed'))
    const places = Object.values(positions)
    const over = places.filter((a) =>
      places.some((b) => a !== b && Math.abs(a.x - b.x) < STEP_WIDTH && Math.abs(a.y - b.y) < STEP_HEIGHT),
    )
    expect(over).toEqual([])
    const out = Object.entries(routes).filter(([id]) => id.startsWith('pay ')).map(([, route]) => route.offset)
    expect(new Set(out).size).toBe(2)
    expect(Math.max(...out.map(Math.abs))).toBeLessThan(STEP_HEIGHT / 2)
    expect(Object.keys(routes)).toHaveLength(4)
    for (const route of Object.values(routes)) {
      expect(route.label).not.toBeNull()
      expect(route.points.length).toBeGreaterThanOrEqual(2)
    }
  })
})

describe('better', () => {
  it('goes down where a long chain would be too small to read', async () => {
    const chain = modelOf(
      graph(
        Array.from({ length: 9 }, (_, number) => step(`s${number}`)),
        Array.from({ length: 8 }, (_, number) => edge(`s${number}`, `t${number}`, `s${number + 1}`)),
      ),
    )
    const lay = async (model: typeof chain, course: 'right' | 'down') => laidOut(await new ELK().layout(elkGraph(model, {}, course)), course)
    expect(better(await lay(chain, 'right'), await lay(chain, 'down')).course).toBe('down')
    const pair = modelOf(graph([step('a'), step('b')], [edge('a', 't', 'b')]))
    expect(better(await lay(pair, 'right'), await lay(pair, 'down')).course).toBe('right')
    const down = await lay(pair, 'down')
    expect(down.positions.b?.y).toBeGreaterThan(down.positions.a?.y ?? 0)
  })
})

describe('roundedPath', () => {
  it('rounds corners, less where there is little room', () => {
    expect(roundedPath([{ x: 0, y: 0 }, { x: 20, y: 0 }, { x: 20, y: 4 }], 9)).toBe('M0,0L11,0Q20,0 20,2L20,4')
  })
  it('is nothing without points', () => {
    expect(roundedPath([])).toBe('')
  })
})
