/** Somebody fills in what starts a run, sends it, and follows the run. */
import { userInfo } from 'node:os'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { inTab } from './harness/browser'
import { saidAt } from './harness/desk'
import { ended } from './harness/orders'
import { browser, orders } from './harness/shop'

const FORM = '/flows/orders/start?trigger=place_order'

async function fillIn(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await page.getByRole('textbox', { name: label, exact: true }).fill(value)
}

it('says what is wrong at its field, starts the run, and shows it to its end', async () => {
  await inTab(browser, orders.project.page(FORM), async (page, tab) => {
    const email = page.getByRole('textbox', { name: 'Email' })
    const send = page.getByRole('button', { name: 'Send', exact: true })
    await fillIn(page, { Customer: 'Mary', Email: 'nobody', Card: 'tok_visa', Article: 'clock', Pieces: '3', Price: '400' })
    await send.click()
    await page.getByRole('status').filter({ hasText: '422 Does not fit' }).waitFor()
    await expect.poll(() => email.getAttribute('aria-invalid')).toBe('true')
    await expect.poll(() => saidAt(email)).toContain('does not have the expected form')
    expect(await page.getByRole('link', { name: 'Follow the run' }).count()).toBe(0)

    await email.fill('mary@example.com')
    await page.keyboard.press('Control+Enter')
    await page.getByRole('status').filter({ hasText: '201 Created' }).waitFor()
    await page.getByRole('link', { name: 'Follow the run' }).click()
    await page.getByRole('heading', { name: 'Run of Order processing' }).waitFor()
    await page.getByText('All is done').waitFor()
    expect(tab.loads, 'the run is followed, not loaded again').toBe(1)
    expect(tab.troubles).toEqual([])

    const run = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    expect((await ended(orders.project, run)).status).toBe('completed')
    const order = await fetch(`${orders.project.url}/orders/${run}`)
    expect(await order.json()).toMatchObject({ customer: 'Mary', total: 1200, status: 'completed' })
  })
})

it('starts from what an earlier run was given', async () => {
  await inTab(browser, orders.project.page(FORM), async (page) => {
    const earlier = page.getByRole('option', { name: /Linus/ })
    await page.getByRole('combobox', { name: 'Start from' }).click()
    await earlier.click()
    await expect.poll(() => page.getByRole('textbox', { name: 'Customer' }).inputValue()).toBe('Linus')
    expect(await page.getByRole('textbox', { name: 'Card' }).inputValue()).toBe('tok_declined')
    await expect.poll(() => page.url()).toContain(`example=${orders.refused}`)
  })
})

it('keeps what was sent, to send it again, and writes down who sent it', async () => {
  await inTab(browser, orders.project.page(FORM), async (page) => {
    await fillIn(page, { Customer: 'Ida', Card: 'tok_visa' })
    await page.keyboard.press('Control+Enter')
    await page.getByRole('status').filter({ hasText: '201 Created' }).waitFor()
    await fillIn(page, { Customer: 'somebody else' })
    await page.getByRole('region', { name: 'Sent before' }).getByRole('button', { name: /Ida/ }).click()
    await expect.poll(() => page.getByRole('textbox', { name: 'Customer' }).inputValue()).toBe('Ida')

    await page.getByRole('link', { name: 'Audit' }).click()
    const row = page.getByRole('row').filter({ hasText: 'Tried a trigger' }).first()
    await row.waitFor()
    await expect.poll(() => row.textContent()).toContain(userInfo().username)
  })
})
