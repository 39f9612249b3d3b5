/** Somebody looks at a flow: as a graph, with the keyboard, step by step, and as a list. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inTab, openBrowser, Tab } from './harness/browser'
import { graphOf, nodeOf } from './harness/graph'
import { type Orders, placeOrder, runOrders } from './harness/orders'

let orders: Orders
let browser: Browser

beforeAll(async () => {
  orders = await runOrders({ prepare: drawsItself })
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await orders?.close()
})

const CARD = "Charge the customer's card"
const NODE = `import { useState } from 'react'
import { BaseNode, Button, type EventNodeProps } from 'wistro/workbench'

export function Node({ data }: EventNodeProps) {
  const [open, setOpen] = useState(false)
  return (
    <BaseNode data={data} subtitle="By van, within two days">
      {open && <p>Parcels over 30 kg go by lorry.</p>}
      <Button onClick={() => setOpen(!open)}>{open ? 'Less' : 'More'}</Button>
    </BaseNode>
  )
}
`

/** Gives “Ship the order” a component that draws it. */
async function drawsItself(folder: string): Promise<void> {
  await writeFile(join(folder, 'steps', 'ship_order.node.tsx'), NODE)
}

const flowPage = (query = '') => orders.project.page(`/flows/orders${query}`)
const panelOf = (page: Page) => page.getByRole('complementary', { name: 'Step' })
const tabOf = (page: Page, name: string) => panelOf(page).getByRole('tab', { name })

/** How many steps are wholly in sight. */
async function inSight(page: Page): Promise<number> {
  const frame = await graphOf(page).boundingBox()
  if (!frame) return 0
  return graphOf(page).locator('[id^="node-"]').evaluateAll((nodes, { x, y, width, height }) => {
    const boxes = nodes.map((node) => node.getBoundingClientRect())
    return boxes.filter((box) => box.left >= x && box.top >= y && box.right <= x + width && box.bottom <= y + height).length
  }, frame)
}

/** Where it is, once it does not move any more. */
async function placeOf(what: Locator): Promise<{ x: number; y: number }> {
  await what.click({ trial: true })
  const box = await what.boundingBox()
  if (!box) throw new Error(`it is not drawn: ${what}`)
  return { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) }
}

/** What is measured, once it stays the same for a while. */
async function atRest<T>(measure: () => Promise<T>): Promise<T> {
  let found = await measure()
  for (let last: T | undefined; JSON.stringify(found) !== JSON.stringify(last); found = await measure()) {
    last = found
    await new Promise((resolve) => setTimeout(resolve, 700))
  }
  return found
}

describe('the graph of a flow', () => {
  it('has the names of people first, and topics and files on demand', async () => {
    await inTab(browser, orders.project.page('/flows'), async (page, tab) => {
      await page.getByText('From a placed order to a parcel at the door, or a refused payment').waitFor()
      await page.getByRole('link', { name: 'Order processing' }).click()
      const names = ['Place an order', CARD, 'Cancel the order', 'Tell the customer', 'Complete the order', 'Keep the books']
      for (const name of names) await nodeOf(page, name).waitFor()
      await nodeOf(page, CARD).getByText('TypeScript').waitFor()
      await graphOf(page).getByText('order placed', { exact: true }).waitFor()
      await graphOf(page).getByText('card refused', { exact: true }).waitFor()
      expect(await graphOf(page).getByText('steps/charge-card.step.ts').count()).toBe(0)

      await page.getByRole('button', { name: 'Technical detail' }).click()
      await nodeOf(page, CARD).getByText('steps/charge-card.step.ts').waitFor()
      await graphOf(page).getByText('payment.refused', { exact: true }).waitFor()
      expect(tab.troubles).toEqual([])
    })
  })

  it('tells messages, what is sent only sometimes, and what happens outside apart, and says how', async () => {
    await inTab(browser, flowPage(), async (page, tab) => {
      await nodeOf(page, CARD).waitFor()
      const drawn = (kind: string) =>
        graphOf(page).locator(`.react-flow__edges path[data-kind="${kind}"]`).first().evaluate((path) => {
          const { stroke, strokeDasharray } = getComputedStyle(path)
          return `${stroke} ${strokeDasharray}`
        })
      const lines = [await drawn('message'), await drawn('conditional'), await drawn('virtual')]
      expect(new Set(lines).size, lines.join(', ')).toBe(3)

      await page.getByRole('button', { name: 'What the signs mean' }).click()
      for (const meaning of ['A message', 'A message that is sent only sometimes', 'Happens outside of Wistro']) {
        await page.getByRole('listitem').getByText(meaning, { exact: true }).waitFor()
      }
      await page.getByText('Waits for several messages: all, or so many').waitFor()
      expect(tab.troubles).toEqual([])
    })
  })

  it('finds steps and topics, goes to them, and shows all of it again', async () => {
    await inTab(browser, flowPage(), async (page, tab) => {
      const faded = graphOf(page).locator('[data-faded]').and(graphOf(page).getByRole('button'))
      await nodeOf(page, CARD).waitFor()
      await graphOf(page).focus()
      await page.keyboard.press('/')
      const search = page.getByRole('textbox', { name: 'Find a step or a topic' })
      await search.fill('payment refused')
      await page.getByRole('status').filter({ hasText: /^2$/ }).waitFor()
      await expect.poll(() => faded.count()).toBe(6)
      expect(await nodeOf(page, CARD).getAttribute('data-found')).toBe('true')
      expect(await nodeOf(page, 'Cancel the order').getAttribute('data-found')).toBe('true')
      await search.press('Enter')
      await page.getByRole('status').filter({ hasText: '1 of 2' }).waitFor()
      await search.press('Escape')
      await expect.poll(() => faded.count()).toBe(0)

      for (let times = 0; times < 4; times++) await page.getByRole('button', { name: 'Zoom in (+)' }).click()
      await expect.poll(() => inSight(page)).toBeLessThan(8)
      await page.getByRole('button', { name: 'Show all of it (0)' }).click()
      await expect.poll(() => inSight(page)).toBe(8)
      expect(tab.troubles).toEqual([])
    })
  })

  it('is walked through with the keyboard: arrows follow the lines, Enter opens a step, Escape closes it', async () => {
    await inTab(browser, flowPage(), async (page, tab) => {
      await nodeOf(page, 'Place an order').waitFor()
      await graphOf(page).focus()
      const here = () => page.evaluate(() => document.activeElement?.textContent ?? '')
      const goTo = async (name: string, key: string) => {
        await page.keyboard.press(key)
        await expect.poll(here).toMatch(new RegExp(`^${name}`))
      }
      await page.keyboard.press('ArrowDown')
      await expect.poll(here).toMatch(/^(Show|Place) an order/)
      if ((await here()).startsWith('Show')) await goTo('Place an order', 'ArrowRight')
      await goTo(CARD, 'ArrowDown')
      await page.keyboard.press('Enter')
      await panelOf(page).getByRole('heading', { name: CARD }).waitFor()
      expect(new URL(page.url()).searchParams.get('step')).toBe('charge-card')
      await page.keyboard.press('Escape')
      await panelOf(page).waitFor({ state: 'detached' })
      await expect.poll(here, { message: 'the keyboard is back at the step' }).toMatch(new RegExp(`^${CARD}`))
      expect(tab.troubles).toEqual([])
    })
  })

  it('keeps where somebody has put a step, with the project', async () => {
    const kept = async () => JSON.parse(await readFile(join(orders.project.folder, 'wistro.layout.json'), 'utf8').catch(() => '{}')) as unknown
    await inTab(browser, flowPage(), async (page, tab) => {
      const step = nodeOf(page, 'Keep the books')
      const anchor = nodeOf(page, CARD)
      const apart = async () => {
        const [one, other] = [await placeOf(step), await placeOf(anchor)]
        return { x: one.x - other.x, y: one.y - other.y }
      }
      await nodeOf(page, 'Ship the order').getByText('By van').waitFor() // the graph makes room for it
      const before = await atRest(apart)
      const { x, y } = await placeOf(step)
      await page.mouse.move(x, y)
      await page.mouse.down()
      await page.mouse.move(x + 100, y - 20, { steps: 5 })
      await page.mouse.move(x + 220, y - 40, { steps: 5 })
      await page.mouse.up()
      await expect.poll(async () => (await apart()).x - before.x).toBeGreaterThan(150)
      await expect.poll(kept).toMatchObject({ flows: { orders: { keep_books: { x: expect.any(Number) as number } } } })

      await page.reload()
      await expect.poll(async () => Math.sign((await apart()).x - before.x)).toBe(1)
      await page.getByRole('button', { name: /^Tidy up/ }).click()
      await expect.poll(async () => Math.abs((await apart()).x - before.x)).toBeLessThan(3)
      await expect.poll(kept).not.toMatchObject({ flows: { orders: { keep_books: expect.anything() as unknown } } })
      expect(tab.troubles).toEqual([])
    })
  })

  it('draws a step by the component beside its file, which can be used', async () => {
    await inTab(browser, flowPage(), async (page, tab) => {
      const node = nodeOf(page, 'Ship the order')
      await node.getByText('By van, within two days').waitFor()
      await expect.poll(() => inSight(page), { message: 'the graph makes room for it' }).toBe(8)
      await node.getByRole('button', { name: 'More' }).click()
      await node.getByText('Parcels over 30 kg go by lorry.').waitFor()
      expect(await panelOf(page).count(), 'its button does not open the step').toBe(0)
      expect(tab.troubles).toEqual([])
    })
  })
})

describe('a step beside the graph', () => {
  it('says what it does, what it gets, how it is attempted, its code, and what came to it lately', async () => {
    await inTab(browser, flowPage(), async (page, tab) => {
      await nodeOf(page, CARD).click()
      const panel = panelOf(page)
      await panel.getByText("Asks the payment provider for the order's total, again if it is busy, and never twice.").waitFor()
      const attempted = panel.getByRole('definition')
      await attempted.filter({ hasText: '5, with waits of 0.2 seconds' }).waitFor()
      await attempted.filter({ hasText: 'held for an operator' }).waitFor()
      const sends = panel.getByRole('listitem').filter({ hasText: 'payment.refused' })
      await sends.filter({ hasText: 'sometimes' }).getByRole('button', { name: 'Cancel the order' }).waitFor()

      await tabOf(page, 'Data').click()
      const gets = panel.getByRole('table', { name: 'What it gets' })
      await gets.getByRole('row', { name: /total/ }).filter({ hasText: 'whole number' }).waitFor()

      await tabOf(page, 'Code').click()
      const code = panel.getByRole('textbox', { name: 'Code of steps/charge-card.step.ts' })
      await expect.poll(() => code.textContent()).toContain("subscribes: ['order.placed']")
      await expect.poll(() => code.locator('span[class]').count(), { message: 'it is highlighted' }).toBeGreaterThan(10)

      await tabOf(page, 'Config').click()
      await expect.poll(() => panel.getByRole('group', { name: 'Config' }).textContent()).toContain('on_failure: "hold"')

      await tabOf(page, 'Recent').click()
      await panel.getByRole('row').filter({ hasText: 'the provider knows no card `tok_lost`' }).filter({ hasText: 'Held' }).waitFor()
      const run = await placeOrder(orders.project)
      await panel.getByRole('row').filter({ hasText: run.slice(0, 12) }).filter({ hasText: 'Completed' }).waitFor()
      await panel.getByRole('link', { name: run.slice(0, 12) }).click()
      await page.getByRole('complementary', { name: `Delivery to ${CARD}` }).waitFor()
      expect(tab.loads).toBe(1)
      expect(tab.troubles).toEqual([])
    })
  })
})

describe('on a phone', () => {
  it('is a list, in which one goes from step to step', async () => {
    const tab = await Tab.open(browser, { width: 380, height: 740 })
    try {
      const page = await tab.go(flowPage())
      const step = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: new RegExp(`^${CARD}.*TypeScript`) }) })
      await step.getByText('Card refused →').waitFor()
      await step.getByText('Only sometimes').waitFor()
      expect(await graphOf(page).count()).toBe(0)
      await step.getByRole('button', { name: 'Tell the customer' }).click()
      await panelOf(page).getByRole('heading', { name: 'Tell the customer' }).waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(380)
      expect(tab.troubles).toEqual([])
    } finally {
      await tab.close()
    }
  })
})
