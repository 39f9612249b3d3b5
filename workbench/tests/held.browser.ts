/** Somebody finds several orders held for the same reason, and lets go of them at once, or of some of them. */
import { userInfo } from 'node:os'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { accessibilityFindings } from './harness/accessible'
import { inTab } from './harness/browser'
import { placeOrder, shown, until } from './harness/orders'
import { browser, orders } from './harness/shop'

const CARD = "Charge the customer's card"
const status = async (run: string) => (await shown(orders.project, run)).status

const waits = async (run: string) => (await shown(orders.project, run)).waiting_for === 'operator'

interface Done {
  items: { action: string; outcome: string; subject: string | null; run_id: string | null }[]
}

/** Orders that are held, one for each customer. */
async function heldOrders(customers: string[]): Promise<string[]> {
  const lost = await Promise.all(customers.map((customer) => placeOrder(orders.project, { customer, card: 'tok_lost' })))
  await until('they are held', async () => (await Promise.all(lost.map(waits))).every(Boolean), 60)
  return lost
}

it('says first what will happen, skips those that are chosen, tells of each, and writes it down', async () => {
  const lost = await heldOrders(['Ada', 'Joan', 'Edith'])

  await inTab(browser, orders.project.page('/held'), async (page, tab) => {
    const main = page.getByRole('main')
    await main.getByRole('button', { name: new RegExp(`^${CARD}.*tok_lost.*4 deliveries`) }).click()
    await main.getByRole('checkbox', { name: `Select 4 deliveries of “${CARD}” with terminal` }).check()
    const bar = page.getByRole('toolbar', { name: 'What to do with the selected' })
    await bar.getByText('4 of 4 selected').waitFor()
    await main.getByRole('checkbox', { name: `Select the delivery of run ${orders.held.slice(0, 8)}` }).uncheck()
    await bar.getByText('3 of 4 selected').waitFor()
    expect(await accessibilityFindings(page)).toEqual([])

    await bar.getByRole('button', { name: 'Make again' }).click()
    const again = page.getByRole('dialog', { name: 'Make 3 deliveries again?' })
    await again.getByText(`“${CARD}” is made again in this run, with the same input`).waitFor()
    await again.getByText('it is held again for an operator').waitFor()
    await again.getByRole('button', { name: 'Not now' }).click()
    await again.waitFor({ state: 'hidden' })

    await bar.getByRole('button', { name: 'Skip' }).click()
    const asked = page.getByRole('dialog', { name: 'Skip 3 deliveries?' })
    await asked.getByText('You can stop in between').waitFor()
    await asked.getByRole('region', { name: 'What will happen' }).waitFor()
    expect(await Promise.all(lost.map(status)), 'asking changes nothing').toEqual(['running', 'running', 'running'])
    await asked.getByRole('button', { name: 'Skip 3 deliveries' }).click()

    const told = page.getByRole('dialog', { name: 'Skip 3 deliveries' })
    await told.getByText('3 deliveries are skipped.').waitFor()
    expect(await told.getByRole('progressbar', { name: 'Progress' }).getAttribute('aria-valuenow')).toBe('100')
    for (const run of lost) {
      const line = told.getByRole('listitem').filter({ has: page.getByRole('link', { name: run.slice(0, 8) }) })
      await line.getByText('Done').waitFor()
    }
    expect(await accessibilityFindings(page)).toEqual([])
    await told.getByRole('button', { name: 'Close' }).last().click()
    await bar.getByText('0 of 1 selected').waitFor()

    await until('they end', async () => (await Promise.all(lost.map(status))).every((each) => each === 'completed'))
    expect(await waits(orders.held), 'the one that was not chosen').toBe(true)

    await page.getByRole('navigation').getByRole('link', { name: 'Audit' }).click()
    const row = page.getByRole('row').filter({ hasText: 'Released held deliveries' })
    await row.filter({ hasText: 'skip 3 deliveries' }).filter({ hasText: userInfo().username }).waitFor()
    for (const run of lost) await page.getByRole('row').filter({ hasText: 'Skipped a delivery' }).filter({ hasText: run.slice(0, 8) }).waitFor()
    const { items } = await orders.project.api<Done>('GET', '/audit?kind=done')
    expect(items.filter(({ action }) => action === 'run.retry')).toEqual([])
    expect(tab.troubles).toEqual([])
  })
})

/** Holds back what the page asks next of `path` but for the first time, until it is let through. */
async function afterTheFirst(page: Page, path: string) {
  let asked = 0
  let come = () => {}
  let go = () => {}
  const second = new Promise<void>((resolve) => (come = resolve))
  const through = new Promise<void>((resolve) => (go = resolve))
  await page.route(path, async (route) => {
    asked += 1
    if (asked > 1) {
      come()
      await through
    }
    await route.continue()
  })
  return { second, letThrough: () => go() }
}

it('stops in between when asked to: what is done stays done, the rest stays held, and both are said', async () => {
  const many = await heldOrders(Array.from({ length: 20 }, (_, number) => `Customer ${number + 1}`))
  await inTab(browser, orders.project.page('/held'), async (page, tab) => {
    const main = page.getByRole('main')
    const group = main.getByRole('button', { name: new RegExp(`^${CARD}.*tok_lost.*21 deliveries`) })
    await group.click()
    await main.getByRole('checkbox', { name: /^Select 21 deliveries/ }).check()
    await main.getByRole('checkbox', { name: `Select the delivery of run ${orders.held.slice(0, 8)}` }).uncheck()
    await page.getByRole('button', { name: 'Skip' }).click()
    const { second, letThrough } = await afterTheFirst(page, '**/api/held/release')
    await page.getByRole('dialog', { name: 'Skip 20 deliveries?' }).getByRole('button', { name: 'Skip 20 deliveries' }).click()

    const told = page.getByRole('dialog', { name: 'Skip 20 deliveries' })
    await second
    await told.getByRole('status').getByText('8 of 20', { exact: true }).waitFor()
    await told.getByRole('button', { name: 'Stop' }).click()
    expect(await told.getByRole('button', { name: 'Close' }).count(), 'what is under way is waited for').toBe(0)
    letThrough()
    await told.getByRole('status').getByText('16 deliveries are skipped. Stopped: the other 4 are still held.').waitFor()
    expect(await told.getByRole('progressbar', { name: 'Progress' }).getAttribute('aria-valuenow')).toBe('80')
    const links = await told.getByRole('listitem').filter({ hasText: 'Done' }).getByRole('link').allTextContents()
    expect(links).toHaveLength(16)
    expect(await accessibilityFindings(page)).toEqual([])
    await told.getByRole('button', { name: 'Close' }).last().click()

    const released = many.filter((run) => links.includes(run.slice(0, 8)))
    const rest = many.filter((run) => !released.includes(run))
    expect(released).toHaveLength(16)
    await until('what was released ends', async () => (await Promise.all(released.map(status))).every((each) => each === 'completed'))
    expect(await Promise.all(rest.map(waits))).toEqual([true, true, true, true])
    await page.getByRole('toolbar').getByText('0 of 5 selected').waitFor()
    for (const run of rest) await main.getByRole('checkbox', { name: `Select the delivery of run ${run.slice(0, 8)}` }).waitFor()

    await page.getByRole('navigation').getByRole('link', { name: 'Audit' }).click()
    const row = page.getByRole('row').filter({ hasText: 'Released held deliveries' }).filter({ hasText: 'skip 8 deliveries' })
    await row.filter({ hasText: userInfo().username }).first().waitFor()
    expect(await row.count()).toBe(2)
    const { items } = await orders.project.api<Done>('GET', '/audit?kind=done&limit=200')
    const noted = items.filter(({ action, run_id }) => action === 'run.skip' && run_id && many.includes(run_id))
    expect(noted.map(({ run_id }) => run_id).sort()).toEqual([...released].sort())
    expect(new Set(noted.map(({ outcome }) => outcome))).toEqual(new Set(['done']))
    expect(tab.troubles).toEqual([])
  })
})
