/** Somebody sees why a run waits or what it did, and puts it right. */
import { userInfo } from 'node:os'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { inTab } from './harness/browser'
import { nodeOf } from './harness/graph'
import { ended, placeOrder, shown, until } from './harness/orders'
import { browser, orders } from './harness/shop'

const CARD = "Charge the customer's card"
const runPage = (run: string, query = '') => orders.project.page(`/runs/orders/${run}${query}`)

async function heldOrder(customer: string): Promise<string> {
  const run = await placeOrder(orders.project, { customer, card: 'tok_lost' })
  await until('the order is held', async () => (await shown(orders.project, run)).waiting_for === 'operator')
  return run
}

async function choose(page: Page, menu: string | RegExp, choice: RegExp): Promise<void> {
  await page.getByRole('button', { name: menu, exact: true }).first().click()
  await page.getByRole('menuitem', { name: choice }).click()
}

/** Who did what to the run, as its page tells it. */
async function history(page: Page): Promise<string> {
  await page.getByRole('tab', { name: 'Who did what' }).click()
  const row = page.getByRole('tabpanel').getByRole('row').nth(1)
  await row.waitFor()
  return (await row.textContent()) ?? ''
}

describe('a delivery that is held', () => {
  it('shows which step failed, why, where in the code, and what it was given', async () => {
    await inTab(browser, runPage(orders.held), async (page, tab) => {
      const held = page.getByRole('region', { name: 'What is held' })
      await held.getByRole('heading', { name: `“${CARD}” failed: the provider knows no card \`tok_lost\`.` }).waitFor()
      await held.getByText(/steps\/charge-card\.step\.ts:\d+/).waitFor()
      const code = held.getByRole('textbox', { name: 'Source of steps/charge-card.step.ts' })
      await expect.poll(() => code.textContent()).toContain('throw new Terminal(error.message')
      await expect.poll(() => held.getByRole('group', { name: 'Input' }).textContent()).toContain('"tok_lost"')
      expect(tab.troubles).toEqual([])
    })
  })

  it('is made again with another input, and the run goes on to its end', async () => {
    const run = await heldOrder('Grace')
    await inTab(browser, runPage(run), async (page, tab) => {
      await choose(page, 'Repair', /Edit input and retry/)
      const dialog = page.getByRole('dialog', { name: `Retry “${CARD}” with another input` })
      await dialog.getByRole('textbox', { name: 'Card' }).fill('tok_visa')
      await dialog.getByText('Changes', { exact: true }).click()
      const changes = dialog.getByLabel('Changes of the input')
      await expect.poll(() => changes.textContent()).toMatch(/Removed: .*"tok_lost"[\s\S]*Added: .*"tok_visa"/)
      const foresight = dialog.getByRole('region', { name: 'What will happen' })
      await foresight.getByText(`“${CARD}” is made again in this run, with the edited input`).waitFor()
      await foresight.getByText('will not be repeated: “Place an order”').waitFor()

      await dialog.getByRole('button', { name: 'Retry with this input' }).click()
      await dialog.getByText(`“${CARD}” is being made again in this run.`).waitFor()
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      await page.getByText('All is done').waitFor()
      expect(await history(page)).toMatch(new RegExp(`Done${userInfo().username}.*Made a delivery again`))
      expect(tab.loads).toBe(1)
      expect(tab.troubles).toEqual([])
    })
    const after = await ended(orders.project, run)
    expect(after.status).toBe('completed')
    expect(after.deliveries.find(({ step }) => step === 'charge-card')?.input).toMatchObject({ card: 'tok_visa' })
  })

  it('is skipped, and the run ends without it', async () => {
    const run = await heldOrder('Joan')
    await inTab(browser, runPage(run), async (page) => {
      await choose(page, 'Repair', /^Skip/)
      const dialog = page.getByRole('dialog', { name: `Skip “${CARD}”?` })
      await dialog.getByRole('region', { name: 'What will happen' }).waitFor()
      await dialog.getByRole('button', { name: 'Skip it' }).click()
      await dialog.getByText(`The run goes on without “${CARD}”.`).waitFor()
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      await nodeOf(page, CARD).filter({ hasText: 'Skipped' }).waitFor()
      expect(await history(page)).toContain('Skipped a delivery')
    })
    const { status, deliveries } = await ended(orders.project, run)
    expect(status).toBe('completed')
    expect(deliveries.map(({ step, status }) => [step, status])).toContainEqual(['charge-card', 'skipped'])
  })

  it('ends with its run when that is cancelled', async () => {
    const run = await heldOrder('Edith')
    await inTab(browser, runPage(run), async (page, tab) => {
      await choose(page, 'Repair the run', /Cancel the run/)
      const dialog = page.getByRole('dialog', { name: 'Cancel this run?' })
      await dialog.getByRole('button', { name: 'Cancel the run' }).click()
      await dialog.getByText('The run was asked to end.').waitFor()
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      await page.getByRole('main').getByText('Cancelled', { exact: true }).first().waitFor()
      expect(await history(page)).toContain('Asked the run to end')
      expect(tab.loads).toBe(1)
    })
    expect((await ended(orders.project, run)).status).toBe('cancelled')
  })
})

describe('a run that is completed', () => {
  it('is forked from one of its deliveries, into a run that leads back to it', async () => {
    await inTab(browser, runPage(orders.completed), async (page, tab) => {
      await nodeOf(page, CARD).click()
      await page.getByRole('complementary', { name: `Delivery to ${CARD}` }).waitFor()
      await choose(page, `Repair “${CARD}”`, /Fork from here/)
      const dialog = page.getByRole('dialog', { name: `Fork from “${CARD}”?` })
      await dialog.getByText('It becomes a new run, linked to this one, which stays as it is.').waitFor()
      await dialog.getByRole('alert').getByText('It was completed before').waitFor()
      await dialog.getByRole('button', { name: 'Fork', exact: true }).click()
      await dialog.getByRole('link', { name: 'Look at the new run' }).click()
      await page.getByRole('list', { name: 'Linked runs' }).getByText('Goes on from').waitFor()
      const fork = new URL(page.url()).pathname.split('/').at(-1) ?? ''
      await page.getByText('All is done').waitFor()
      const { status, related } = await ended(orders.project, fork)
      expect(status).toBe('completed')
      expect(related).toContainEqual(expect.objectContaining({ relation: 'fork_of', run_id: orders.completed }))

      await page.getByRole('list', { name: 'Linked runs' }).getByRole('link', { name: 'Order processing' }).click()
      await expect.poll(() => page.url()).toContain(orders.completed)
      await page.getByRole('list', { name: 'Linked runs' }).getByRole('link', { name: fork.slice(0, 8) }).waitFor()
      expect(await history(page)).toContain('Went on in a new run')
      expect(tab.loads).toBe(1)
      expect(tab.troubles).toEqual([])
    })
  })
})
