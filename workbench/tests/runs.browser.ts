/** Somebody watches runs come and go, finds one among many, and follows it, also when its worker is killed. */
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inTab, openBrowser } from './harness/browser'
import { litUp, nodeOf } from './harness/graph'
import { ended, type Orders, placeOrder, runOrders, shown, until } from './harness/orders'
import { killTeller, placeSlowOrder, slowToTell, tell } from './harness/slowly'

let orders: Orders
let browser: Browser

beforeAll(async () => {
  orders = await runOrders({ prepare: slowToTell })
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await orders?.close()
})

const LONG = 240_000
const CARD = "Charge the customer's card"
const TELL = 'Tell the customer'

const list = (page: Page) => page.getByRole('list', { name: 'Runs' })
const lineOf = (page: Page, run: string) => list(page).getByRole('listitem').filter({ has: page.locator(`a[href$="/${run}"]`) })
const header = (page: Page) => page.getByRole('main').getByRole('heading', { level: 1 }).locator('..')

/** Waits until just these runs are listed. */
async function listed(page: Page, ...runs: string[]): Promise<void> {
  const addresses = () => list(page).getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href')?.split('/').at(-1)))
  await expect.poll(async () => (await addresses()).sort()).toEqual([...runs].sort())
}

/** Lets the end of a run be known to the page's next questions only after so many; how many are left. */
async function knownLate(page: Page, run: string, times: number): Promise<() => number> {
  await page.route(`**/api/runs/orders/${run}?*`, async (route) => {
    const response = await route.fetch()
    const found = (await response.json()) as { status: string }
    const early = found.status === 'completed' && times > 0
    if (early) times -= 1
    await route.fulfill({ response, json: early ? { ...found, status: 'running', closed_at: null } : found })
  })
  return () => times
}

/** What there is to read, each time that changes. */
async function textsOf(what: Locator): Promise<() => Promise<string[]>> {
  const texts = await what.evaluateHandle((element) => {
    const seen = [element.textContent ?? '']
    new MutationObserver(() => seen.push(element.textContent ?? '')).observe(element, { subtree: true, childList: true, characterData: true })
    return seen
  })
  return () => texts.jsonValue()
}

/** Runs of the flow `reporting`, which have but one step. */
async function report(count: number): Promise<string[]> {
  const start = () => orders.project.api<{ run_id: string }>('POST', '/runs', { flow: 'reporting', step: 'report_sales' })
  const runs = await Promise.all(Array.from({ length: count }, start))
  const { project } = orders
  const done = async () => (await project.api<{ completed: number }>('GET', '/runs/count?flow=reporting')).completed
  await until('the reports are made', async () => (await done()) >= count, 90)
  return runs.map(({ run_id }) => run_id)
}

describe('the list of runs', () => {
  it('shows an order as soon as it is placed, what it waits for, and that it is completed', async () => {
    await inTab(browser, orders.project.page('/runs'), async (page, tab) => {
      await lineOf(page, orders.completed).getByText('Completed').waitFor()
      await lineOf(page, orders.held).getByText('Held').waitFor()
      const run = await placeSlowOrder(orders.project)
      const line = lineOf(page, run)
      await line.getByText('Running').waitFor()
      await line.getByText(`“${TELL}” at work.`).waitFor()
      expect(await list(page).getByRole('link').first().getAttribute('href'), 'the newest comes first').toContain(run)

      await tell(orders.project, run)
      await line.getByText('Completed').waitFor()
      expect(tab.loads).toBe(1)
      expect(tab.troubles).toEqual([])
    })
  })

  it('is narrowed by flow, status, trigger, version, time and text in ids; the address keeps it', async () => {
    const [reported = ''] = await report(1)
    const { project, completed, refused, held } = orders
    const { build } = await project.api<{ build: string }>('GET', '/project')
    await inTab(browser, project.page('/runs'), async (page, tab) => {
      const choose = async (field: string, choice: string) => {
        await page.getByRole('combobox', { name: field }).click()
        await page.getByRole('option', { name: choice, exact: true }).click()
      }
      await choose('Flows', 'Reporting')
      await listed(page, reported)
      await page.keyboard.press('Escape')
      await choose('Trigger', 'By hand')
      await choose('When they started', 'The last hour')
      await page.getByRole('textbox', { name: 'Version' }).fill(build)
      await page.getByRole('textbox', { name: 'Part of an id' }).fill(reported.slice(9, 17))
      await page.getByRole('button', { name: /^Completed/ }).click()
      await expect
        .poll(() => Object.fromEntries(new URL(page.url()).searchParams))
        .toEqual({ flow: 'reporting', trigger: 'operator', since: '1h', version: build, text: reported.slice(9, 17), status: 'completed' })
      await listed(page, reported)

      await page.reload()
      await listed(page, reported)
      expect(await page.getByRole('combobox', { name: 'Trigger' }).inputValue()).toBe('By hand')
      expect(await page.getByRole('textbox', { name: 'Version' }).inputValue()).toBe(build)
      expect(await page.getByRole('button', { name: /^Completed/ }).getAttribute('aria-pressed')).toBe('true')
      await choose('Trigger', 'Requests')
      await page.getByText('No run is like that').waitFor()

      await page.getByRole('button', { name: 'Show all runs' }).click()
      await lineOf(page, completed).waitFor()
      expect(new URL(page.url()).search).toBe('')
      await page.getByRole('button', { name: /^Held/ }).click()
      await listed(page, held)
      await page.getByRole('button', { name: /^Held/ }).click()
      await page.getByRole('textbox', { name: 'Part of an id' }).fill(refused.slice(20))
      await listed(page, refused)
      expect(tab.troubles).toEqual([])
    })
  })

  it('goes on with older runs as somebody scrolls', async () => {
    await report(60)
    await inTab(browser, orders.project.page('/runs?flow=reporting'), async (page, tab) => {
      const first = list(page).getByRole('listitem').first()
      const known = async () => Number(await list(page).getByRole('listitem').first().getAttribute('aria-setsize'))
      await first.waitFor()
      expect(await known()).toBe(50)
      const end = page.getByText('These are all.')
      await expect.poll(async () => {
        await page.mouse.wheel(0, 2_000)
        return end.isVisible()
      }).toBe(true)
      expect(await known()).toBeGreaterThan(60)
      expect(tab.troubles).toEqual([])
    })
  }, LONG)
})

describe('a run', () => {
  const runPage = (run: string, query = '') => orders.project.page(`/runs/orders/${run}${query}`)
  const row = (page: Page, name: string): Locator => page.getByRole('treegrid', { name: 'Timeline of the run' }).getByRole('row', { name })

  it('lights the graph up as it goes, and says what it waits for', async () => {
    const run = await placeSlowOrder(orders.project)
    await inTab(browser, runPage(run), async (page, tab) => {
      await header(page).getByText('Running').waitFor()
      await page.getByText(`“${TELL}” at work.`).waitFor()
      for (const done of ['Place an order', CARD, 'Ship the order']) await litUp(page, done, 'completed')
      await litUp(page, TELL, 'running')
      await litUp(page, 'Complete the order', 'waiting')
      await nodeOf(page, 'Complete the order').getByText('has 1 message').waitFor()
      expect(await nodeOf(page, 'Cancel the order').getAttribute('data-status')).toBeNull()
      const elsewhere = page.getByRole('link', { name: 'Temporal UI' })
      expect(await elsewhere.getAttribute('href')).toMatch(new RegExp(`^http://localhost:\\d+/namespaces/default/workflows/orders%2F${run}$`))

      await tell(orders.project, run)
      await litUp(page, TELL, 'completed')
      await litUp(page, 'Complete the order', 'completed')
      await header(page).getByText('Completed').waitFor()
      await page.getByText('All is done').waitFor()
      expect(tab.loads).toBe(1)
      expect(tab.troubles).toEqual([])
    })
  })

  it('stays at its end once that was told, though Temporal knows it a moment later, and asks until it does', async () => {
    const run = await placeSlowOrder(orders.project)
    await inTab(browser, runPage(run), async (page, tab) => {
      const late = await knownLate(page, run, 3)
      const seen = await textsOf(header(page))
      await tell(orders.project, run)
      await expect.poll(late).toBe(0)
      await litUp(page, 'Complete the order', 'completed')
      await header(page).getByText('Completed').waitFor()
      const texts = await seen()
      const after = texts.slice(texts.findIndex((text) => text.includes('Completed')))
      expect(after.filter((text) => text.includes('Running'))).toEqual([])
      expect(tab.troubles).toEqual([])
    })
  })

  it('tells of every attempt, with what the step got, emitted and logged', async () => {
    const run = await placeOrder(orders.project, { customer: 'Busy', card: 'tok_busy' })
    await until('the order is completed', async () => (await shown(orders.project, run)).status === 'completed')
    await inTab(browser, runPage(run, '?tab=timeline'), async (page, tab) => {
      for (const name of ['Place an order', CARD, TELL, 'Ship the order', 'Complete the order']) await row(page, name).waitFor()
      await row(page, CARD).filter({ hasText: '3 attempts' }).click()
      const delivery = page.getByRole('complementary', { name: `Delivery to ${CARD}` })
      await delivery.getByRole('heading', { name: '3 attempts' }).waitFor()
      await delivery.getByRole('button', { name: /Attempt 2/ }).getByLabel('failed').waitFor()
      await delivery.getByText(/Retryable: the provider is busy/).first().waitFor()
      const code = delivery.getByRole('textbox', { name: 'Source of steps/charge-card.step.ts' })
      await expect.poll(() => code.textContent()).toContain('throw new Retryable(error.message')
      await expect.poll(() => delivery.getByRole('group', { name: 'Received' }).textContent()).toContain('"tok_busy"')
      await delivery.getByRole('heading', { name: 'Emitted 1 message' }).waitFor()
      await expect.poll(() => delivery.getByRole('group', { name: 'Message on payment.taken' }).textContent()).toMatch(/receipt: ?"R-/)
      await delivery.getByRole('button', { name: /attempt 3.*Charged the card/ }).waitFor()

      await delivery.getByRole('button', { name: TELL }).click()
      await page.getByRole('complementary', { name: `Delivery to ${TELL}` }).getByRole('button', { name: /Sent the receipt/ }).waitFor()
      await page.getByRole('tab', { name: 'Log' }).click()
      const log = page.getByRole('log', { name: 'Log entries' })
      await log.getByRole('button', { name: new RegExp(`${CARD}.*Charged the card`) }).waitFor()
      await log.getByRole('button', { name: new RegExp(`${TELL}.*Sent the receipt`) }).waitFor()
      expect(tab.troubles).toEqual([])
    })
  })

  it('loses attempts when its worker is killed, makes others, and is completed, while somebody watches', async () => {
    const run = await placeSlowOrder(orders.project)
    await inTab(browser, runPage(run, '?tab=timeline'), async (page, tab) => {
      const going = row(page, TELL)
      await going.getByRole('progressbar', { name: '30 %' }).waitFor()
      await going.click()
      const delivery = page.getByRole('complementary', { name: `Delivery to ${TELL}` })
      await delivery.getByRole('progressbar', { name: '30 % done' }).waitFor()

      await killTeller(orders.project)
      await going.filter({ hasText: '2 attempts' }).waitFor({ timeout: 60_000 })
      await delivery.getByRole('button', { name: /Attempt 1/ }).getByLabel('failed').waitFor()
      await delivery.getByRole('listitem').filter({ hasText: 'Attempt 2' }).getByLabel('running').waitFor({ timeout: 60_000 })
      await header(page).getByText('Running').waitFor()
      await page.getByRole('tab', { name: 'Graph' }).click()
      await nodeOf(page, TELL).getByText('2 attempts').waitFor()

      await killTeller(orders.project)
      await delivery.getByRole('listitem').filter({ hasText: 'Attempt 3' }).getByLabel('running').waitFor({ timeout: 60_000 })
      for (const lost of [1, 2]) await delivery.getByRole('button', { name: new RegExp(`Attempt ${lost}`) }).getByLabel('failed').waitFor()

      await tell(orders.project, run)
      await litUp(page, TELL, 'completed')
      await page.getByText('All is done').waitFor()
      await header(page).getByText('Completed').waitFor()
      expect(tab.loads, 'nobody has loaded the page again').toBe(1)
      expect(tab.troubles).toEqual([])
    })
    const { status, deliveries } = await ended(orders.project, run)
    expect(status).toBe('completed')
    const { attempts = [] } = deliveries.find(({ step }) => step === 'notify-customer') ?? {}
    expect(attempts.map(({ number, error }) => [number, Boolean(error)])).toEqual([[1, true], [2, true], [3, false]])
  }, LONG)
})
