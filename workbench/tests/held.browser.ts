/** Somebody finds several orders held for the same reason, and lets go of them at once. */
import { userInfo } from 'node:os'
import { expect, it } from 'vitest'
import { accessibilityFindings } from './harness/accessible'
import { inTab } from './harness/browser'
import { placeOrder, shown, until } from './harness/orders'
import { browser, orders } from './harness/shop'

const CARD = "Charge the customer's card"
const status = async (run: string) => (await shown(orders.project, run)).status

interface Done {
  items: { action: string; about: string | null; run_id: string | null }[]
}

it('says first what will happen, skips those that are chosen, tells of each, and writes it down', async () => {
  const customers = ['Ada', 'Joan', 'Edith']
  const lost = await Promise.all(customers.map((customer) => placeOrder(orders.project, { customer, card: 'tok_lost' })))
  const waits = async (run: string) => (await shown(orders.project, run)).waiting_for === 'operator'
  await until('they are held', async () => (await Promise.all(lost.map(waits))).every(Boolean))

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
