/** What people do with what a project keeps and sends: state, streams, schedules, topics. */
import { userInfo } from 'node:os'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Tab } from './harness/browser'
import { write } from './harness/editor'
import { placeOrder } from './harness/orders'
import { browser, orders } from './harness/shop'

const SLOW = { timeout: 60_000 }

let tab: Tab

beforeEach(async () => {
  tab = await Tab.open(browser)
})

afterEach(async () => {
  expect(tab.troubles).toEqual([])
  await tab.close()
})

const api = <T>(method: string, path: string, body?: unknown) => orders.project.api<T>(method, path, body)
const entry = (group: string, key: string) => `/state/entry?${new URLSearchParams({ group, key })}`

interface Entry {
  value: Record<string, unknown>
  version: number
}

it('shows both when an entry was changed meanwhile, and writes mine over theirs', async () => {
  const where = entry('orders', orders.completed)
  const before = await api<Entry>('GET', where)
  const mine = { ...before.value, customer: 'Ada Lovelace' }
  const page = await tab.go(orders.project.page(`/state?group=orders&key=${orders.completed}`))
  await page.getByRole('group', { name: 'Value', exact: true }).getByText('"Ada"').waitFor()
  await page.getByRole('button', { name: 'Edit' }).click()
  await write(page, `Value of ${orders.completed}`, JSON.stringify(mine))
  await api('PUT', where, { value: { ...before.value, customer: 'Countess Ada' } })
  await page.getByRole('button', { name: 'Save' }).click()

  const dialog = page.getByRole('dialog', { name: 'Somebody changed this entry meanwhile' })
  await dialog.getByRole('group', { name: 'Their value' }).getByText('"Countess Ada"').waitFor()
  await dialog.getByRole('group', { name: 'My value' }).getByText('"Ada Lovelace"').waitFor()
  expect((await api<Entry>('GET', where)).value.customer).toBe('Countess Ada')

  await dialog.getByRole('button', { name: 'Write mine over it' }).click()
  await page.getByRole('group', { name: 'Value', exact: true }).getByText('"Ada Lovelace"').waitFor()
  expect((await api<Entry>('GET', where)).value).toEqual(mine)
})

it('makes an entry, and removes it', async () => {
  const page = await tab.go(orders.project.page('/state'))
  await page.getByRole('button', { name: 'New entry' }).click()
  const made = page.getByRole('dialog', { name: 'New entry' })
  await made.getByLabel('Group').fill('prices')
  await made.getByLabel('Key').fill('lamp')
  await write(page, 'Value', JSON.stringify({ cents: 1250 }))
  await made.getByRole('button', { name: 'Make it' }).click()
  await page.getByRole('navigation', { name: 'Groups' }).getByRole('link', { name: 'prices' }).waitFor()
  await page.getByRole('group', { name: 'Value', exact: true }).getByText('1250').waitFor()
  expect(await api<Entry>('GET', entry('prices', 'lamp'))).toMatchObject({ value: { cents: 1250 } })

  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('dialog', { name: 'Remove an entry' }).getByRole('button', { name: 'Remove' }).click()
  await page.getByText('Choose a key.').waitFor()
  await expect(api('GET', entry('prices', 'lamp'))).rejects.toThrow('404')
})

it('shows the items of a stream as an order changes them', async () => {
  const page = await tab.go(orders.project.page('/streams/progress?group=orders'))
  await page.getByText(/^Live · \d+ items$/).waitFor()
  const order = await placeOrder(orders.project)
  const item = page.getByRole('list', { name: 'Items' }).getByRole('listitem').filter({ hasText: order })
  await item.getByText('"completed"').waitFor(SLOW)
  // It was placed, paid and completed, and nobody had to load the page again.
  await item.getByText(/Changed .*while you look, last: stage/).waitFor()
  const kept = await api<{ items: { id: string; data: unknown }[] }>('GET', '/streams/progress/items?group=orders')
  expect(kept.items.find(({ id }) => id === order)).toMatchObject({ data: { stage: 'completed' } })
})

interface Schedule {
  step: string
  paused: boolean
  note: string | null
  recent: { run_id: string }[]
}

it('pauses a schedule with a note, resumes it, ticks at once, and lists ticks before it makes up for them', async () => {
  const schedule = async () => (await api<Schedule[]>('GET', '/schedules')).find(({ step }) => step === 'report_sales')
  const page = await tab.go(orders.project.page('/schedules'))
  const card = page.getByRole('article', { name: 'Report the sales, every night' })
  await card.getByText(/every day at 0?2:30/i).first().waitFor()
  await card.getByRole('listitem').filter({ hasText: /02:30/ }).first().waitFor()

  await card.getByRole('button', { name: 'Pause' }).click()
  const pause = page.getByRole('dialog', { name: /^Pause/ })
  await pause.getByLabel('Note').fill('The books are being moved')
  await pause.getByRole('button', { name: 'Pause' }).click()
  await card.getByText('None until it is resumed.').waitFor()
  await card.getByText('The books are being moved').waitFor()
  expect(await schedule()).toMatchObject({ paused: true, note: `Paused by ${userInfo().username}: The books are being moved` })

  await card.getByRole('button', { name: 'Resume' }).click()
  await page.getByRole('dialog', { name: /^Resume/ }).getByRole('button', { name: 'Resume' }).click()
  await card.getByRole('button', { name: 'Pause' }).waitFor()
  expect(await schedule()).toMatchObject({ paused: false })

  await card.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Tick now' }).click()
  await page.getByRole('dialog', { name: /^Tick/ }).getByRole('button', { name: 'Tick now' }).click()
  await card.getByText('It has not ticked yet.').waitFor({ state: 'detached', ...SLOW })
  await card.getByRole('listitem').filter({ hasText: 'Completed' }).waitFor(SLOW)
  const ticked = (await schedule())?.recent[0]?.run_id ?? ''
  expect(await api('GET', `/runs/reporting/${ticked}`)).toMatchObject({ status: 'completed', trigger: 'cron:report_sales' })

  await card.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Make up for missed ticks' }).click()
  const backfill = page.getByRole('dialog', { name: /^Make up for missed ticks/ })
  await backfill.getByRole('button', { name: 'List the ticks' }).click()
  await backfill.getByText('One run is started, one for each tick without.').waitFor()
  await backfill.getByRole('row').filter({ hasText: 'None: it is started' }).waitFor()
  expect((await schedule())?.recent, 'listing starts nothing').toHaveLength(1)
  await backfill.getByRole('button', { name: 'Start the run' }).click()
  await backfill.waitFor({ state: 'hidden' })
  await expect.poll(async () => (await schedule())?.recent.length, SLOW).toBe(2)
  await expect.poll(() => card.getByRole('listitem').filter({ hasText: 'Completed' }).count(), SLOW).toBe(2)
})

it('shows messages as they pass, with what is in them', async () => {
  const page = await tab.go(orders.project.page('/topics/order.placed'))
  const messages = page.getByRole('list', { name: 'Messages' }).getByRole('listitem')
  await messages.first().waitFor()
  const before = await messages.count()
  const order = await placeOrder(orders.project, { customer: 'Radia' })
  await expect.poll(() => messages.count(), SLOW).toBe(before + 1)
  const newest = messages.first().getByRole('button')
  expect(await newest.textContent()).toContain('Place an order')
  await newest.click()
  const data = page.getByRole('group', { name: 'Message', exact: true })
  await data.getByText(`"${order}"`).waitFor()
  await data.getByText('"Radia"').waitFor()
  await messages.first().getByRole('link', { name: "Charge the customer's card" }).waitFor()
  expect(new URL(page.url()).searchParams.get('message'), 'it can be sent to others').not.toBeNull()
})

it('sends a message by its form, and a run begins with it', async () => {
  const begun = async () => {
    const { runs } = await api<{ runs: { run_id: string; trigger: string }[] }>('GET', '/runs?flow=orders&limit=200')
    return runs.filter(({ trigger }) => trigger === 'event:order.placed').map(({ run_id }) => run_id)
  }
  expect(await begun()).toEqual([])
  const page = await tab.go(orders.project.page('/topics/order.placed'))
  await page.getByRole('button', { name: 'Send a message' }).click()
  const dialog = page.getByRole('dialog', { name: 'Send a message on order.placed' })
  await dialog.getByLabel(/^Customer/).fill('Ada')
  await dialog.getByLabel(/^Email/).fill('ada@example.com')
  await dialog.getByLabel(/^Card/).fill('tok_visa')
  await dialog.getByLabel(/^Order id/i).fill(orders.completed)
  await dialog.getByLabel(/^Total/).fill('2500')
  await dialog.getByRole('button', { name: /Add (an item|Lines)/ }).first().click()
  await dialog.getByLabel(/^Article/).fill('lamp')
  await dialog.getByLabel(/^Pieces/).fill('2')
  await dialog.getByLabel(/^Price/).fill('1250')
  await dialog.getByRole('button', { name: 'Send', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText('Sent: one run begins.').waitFor()
  const message = page.getByRole('list', { name: 'Messages' }).getByRole('listitem').filter({ hasText: 'From outside' })
  await message.getByRole('button').click()
  await expect.poll(async () => (await begun()).length).toBe(1)
  const [run] = await begun()
  await message.getByRole('link', { name: run, exact: true }).click()
  await page.getByText('All is done').waitFor(SLOW)
  expect(await begun()).toEqual([run])
})
