/** What an engineer looks at: how the project does, what its runs log, and the spans of one of them. */
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { inTab, type Tab } from './harness/browser'
import { ended, placeOrder } from './harness/orders'
import { browser, orders } from './harness/shop'

const SLOW = { timeout: 60_000 }

/** Somebody who opens the page at `path`. */
function at(path: string, act: (page: Page, tab: Tab) => Promise<void>): Promise<void> {
  return inTab(browser, orders.project.page(path), async (page, tab) => {
    await act(page, tab)
    expect(tab.troubles).toEqual([])
  })
}

/** How many runs were started, as the overview counts them. */
async function started(page: Page): Promise<number> {
  const line = page.getByRole('region', { name: 'Throughput' }).getByRole('listitem').filter({ hasText: 'Order processing' })
  return Number((await line.textContent())?.replace('Order processing', ''))
}

it('draws how many runs there were, how long they took and failed, and counts those that begin meanwhile', async () => {
  await at('/', async (page, tab) => {
    for (const title of ['Throughput', 'Duration', 'Failures']) {
      const chart = page.getByRole('region', { name: title }).getByRole('slider')
      await chart.waitFor()
      const painted = await chart.locator('canvas').evaluate((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement
        const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height)
        return data.some((value, index) => index % 4 === 3 && value > 0)
      })
      expect(painted, title).toBe(true)
    }
    await page.getByRole('region', { name: 'At a glance' }).getByRole('link', { name: 'Held 1 run waits for an operator' }).waitFor()
    await expect.poll(() => started(page), SLOW).toBeGreaterThanOrEqual(3)
    const before = await started(page)
    const run = await placeOrder(orders.project)
    await expect.poll(() => started(page), SLOW).toBe(before + 1)
    expect(tab.loads).toBe(1)
    await ended(orders.project, run)
  })
})

it('says the same as a table, and moment by moment to the keys', async () => {
  await at('/', async (page) => {
    const throughput = page.getByRole('region', { name: 'Throughput', exact: true })
    await throughput.getByRole('slider').press('End')
    await expect.poll(() => throughput.getByRole('slider').getAttribute('aria-valuetext')).toMatch(/so far: Order processing \d/)
    await throughput.getByRole('slider').press('Home')
    await expect.poll(() => throughput.getByRole('slider').getAttribute('aria-valuetext')).toMatch(/: Order processing 0$/)

    await page.getByRole('button', { name: 'Throughput: show as a table' }).click()
    const rows = throughput.getByRole('row')
    const total = await started(page)
    await rows.filter({ hasText: 'Time' }).getByRole('columnheader', { name: 'Order processing' }).waitFor()
    const cells = await throughput.getByRole('cell').allTextContents()
    expect(cells.reduce((sum, text) => sum + Number(text), 0)).toBe(total)
    await page.getByRole('button', { name: 'Throughput: show as a chart' }).click()
    await throughput.getByRole('slider').waitFor()
  })
})

it('shows the steps of one flow, who works on them in which language, and for which version', async () => {
  await at('/', async (page) => {
    await page.getByRole('region', { name: /^Flows in/ }).getByRole('link', { name: 'Order processing' }).click()
    const steps = page.getByRole('region', { name: /^Steps in/ })
    await steps.getByRole('row').filter({ hasText: "Charge the customer's card" }).waitFor()
    expect(new URL(page.url()).searchParams.get('flow'), 'it can be sent to others').toBe('orders')

    const workers = page.getByRole('region', { name: 'Workers' })
    for (const work of ['Runs', 'Python steps', 'Node steps', 'Go steps']) {
      await workers.getByRole('row', { name: new RegExp(`^${work} 1 0 `) }).waitFor()
    }
    const processes = workers.getByRole('list', { name: 'Processes' }).getByRole('listitem')
    for (const language of ['Python', 'Node', 'Go']) await processes.getByText(language, { exact: true }).waitFor()
    expect(await processes.count()).toBe(3)

    const version = page.getByRole('region', { name: 'Versions' }).getByRole('listitem').filter({ hasText: 'current' })
    await version.getByRole('link').click()
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor()
    await page.getByRole('link', { name: new RegExp(orders.completed.slice(0, 8)) }).first().waitFor()
  })
})

it('goes anywhere by a few letters, without the mouse', async () => {
  await at('/', async (page) => {
    const dialog = page.getByRole('dialog', { name: 'Go to…' })
    await page.keyboard.press('Control+K')
    const box = dialog.getByRole('combobox', { name: 'Go to', expanded: true })
    await expect.poll(() => box.getAttribute('aria-controls')).toBe(await dialog.getByRole('listbox', { name: 'Places' }).getAttribute('id'))
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })

    await page.keyboard.press('Control+K')
    await expect.poll(() => box.evaluate((input) => input === document.activeElement)).toBe(true)
    await page.keyboard.type('start order')
    await expect.poll(() => dialog.getByRole('option').allTextContents()).toEqual(['Start Order processing Tester'])
    await page.keyboard.press('Enter')
    await page.waitForURL('**/flows/orders/start')

    await page.keyboard.press('Control+K')
    await box.fill(orders.held)
    await dialog.getByRole('option', { name: /^Runs with/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: new RegExp(orders.held.slice(0, 8)) }).waitFor()
  })
})

it('follows what runs log, finds a line by what it says, and leads to its run', async () => {
  await at('/logs', async (page) => {
    const log = page.getByRole('log', { name: 'Log entries' })
    const filters = page.getByRole('search', { name: 'Filter the logs' })
    await filters.getByText('Logged lines', { exact: true }).click()
    await expect.poll(() => log.getByRole('button', { name: /Attempt 1 began/ }).count()).toBe(0)
    const charged = log.getByRole('button', { name: /Charged the card/ })
    await charged.first().waitFor()
    const before = await charged.count()
    const run = await placeOrder(orders.project)
    await expect.poll(() => charged.count(), SLOW).toBe(before + 1)

    await page.getByRole('button', { name: 'Pause' }).click()
    await placeOrder(orders.project)
    const resume = page.getByRole('button', { name: /^Resume \(\d+ new\)$/ })
    await resume.waitFor(SLOW)
    expect(await charged.count()).toBe(before + 1)
    await resume.click()
    await expect.poll(() => charged.count(), SLOW).toBe(before + 2)

    await filters.getByRole('textbox', { name: 'Run', exact: true }).fill(run)
    await expect.poll(() => charged.count(), SLOW).toBe(1)
    expect(new URL(page.url()).searchParams.get('run'), 'it can be sent to others').toBe(run)
    await charged.click()
    await log.getByRole('link', { name: run }).click()
    await page.getByRole('heading', { level: 1, name: 'Run of Order processing' }).waitFor()
  })
})

it('finds what went wrong among all that is logged', async () => {
  await at('/logs', async (page) => {
    const filters = page.getByRole('search', { name: 'Filter the logs' })
    await filters.getByRole('combobox', { name: 'Level' }).click()
    await page.getByRole('option', { name: 'error', exact: true }).click()
    await filters.getByRole('combobox', { name: 'Flow' }).click()
    await page.getByRole('option', { name: 'Order processing' }).click()
    await filters.getByRole('textbox', { name: 'Text in messages and fields' }).fill('TOK_LOST')
    const entries = page.getByRole('log', { name: 'Log entries' }).getByRole('button')
    await expect.poll(() => entries.allTextContents(), SLOW).toEqual([expect.stringMatching(/error.*Delivery failed: .*`tok_lost`/)])
    await entries.click()
    await page.getByRole('log').getByText('Delivery failed: the provider knows no card `tok_lost`').last().waitFor()
  })
})

it('leads from a run to what each process did for it, span by span', async () => {
  await at(`/runs/orders/${orders.completed}`, async (page) => {
    await page.getByRole('tab', { name: 'Trace' }).click()
    const spans = page.getByRole('treegrid', { name: 'Spans' })
    await spans.getByRole('row', { name: /^run orders .*Python/ }).waitFor(SLOW)
    await page.getByRole('link', { name: 'Open the whole trace' }).click()
    await page.getByRole('heading', { level: 1, name: 'POST /orders' }).waitFor()
    for (const span of [/^POST \/orders orders.triggers Python/, /^charge-card .*Node/, /^ship_order .*Go/, /^complete_order .*Python/]) {
      await spans.getByRole('row', { name: span }).waitFor(SLOW)
    }
    await spans.getByRole('row', { name: /^charge-card/ }).click()
    const span = page.getByRole('region', { name: 'Span charge-card' })
    await span.getByRole('row').filter({ hasText: 'wistro.run_id' }).getByText(orders.completed).waitFor()
    expect(new URL(page.url()).searchParams.get('span'), 'it can be sent to others').not.toBeNull()
    await span.getByRole('link', { name: /^Open the delivery/ }).click()
    await page.getByRole('complementary', { name: "Delivery to Charge the customer's card" }).waitFor()
  })
})

it('finds the traces with errors, and goes to the span that failed', async () => {
  await at('/traces', async (page) => {
    const rows = page.getByRole('row').filter({ hasText: 'POST /orders' })
    await rows.filter({ hasText: orders.held.slice(0, 8) }).waitFor(SLOW)
    await rows.filter({ hasText: orders.completed.slice(0, 8) }).waitFor()
    await page.getByRole('switch', { name: 'Only with errors' }).click()
    await rows.filter({ hasText: orders.completed.slice(0, 8) }).waitFor({ state: 'detached' })
    await rows.filter({ hasText: orders.held.slice(0, 8) }).getByRole('link').click()
    await page.getByRole('button', { name: /^Next of 1 error$/ }).click()
    const span = page.getByRole('region', { name: 'Span charge-card' })
    await span.getByRole('note').getByText(/the provider knows no card/).waitFor()
    await span.getByRole('row').filter({ hasText: 'error.type' }).getByText('terminal').waitFor()
  })
})
