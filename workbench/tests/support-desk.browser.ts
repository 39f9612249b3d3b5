/** What people do at a support desk: call it, decide what it asks them, and have its answers sent again. */
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accessibilityFindings } from './harness/accessible'
import { openBrowser, Tab } from './harness/browser'
import { askForGift, askForRefund, type Desk, DORA, PARTNERS, runDesk, saidAt, signedInAs, type Task, taskOf } from './harness/desk'

const SLOW = { timeout: 60_000 }

let desk: Desk
let browser: Browser
let tab: Tab

beforeAll(async () => {
  desk = await runDesk()
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await desk?.close()
})

beforeEach(async () => {
  tab = await Tab.open(browser)
})

afterEach(async () => {
  expect(tab.troubles).toEqual([])
  await tab.close()
})

interface Run {
  status: string
  related: { relation: string; flow: string; run_id: string }[]
}

const run = (id: string, flow = 'support') => desk.project.api<Run>('GET', `/runs/${flow}/${id}`)
const task = (id: string) => desk.project.api<Task>('GET', `/tasks/${id}`)
/** Whoever looks from this machine is signed in by its user's name. */
const me = userInfo().username

it('calls a flow from its tester, and shows the answer and the run', async () => {
  const page = await tab.go(desk.project.page('/flows/support/start'))
  await page.getByLabel(/^order.?id/i).fill('1003')
  await page.getByRole('combobox', { name: 'Wish' }).click()
  await page.getByRole('option', { name: 'where' }).click()
  await page.getByRole('button', { name: 'Call', exact: true }).click()

  await page.getByRole('status').getByText('200 OK').waitFor()
  await page.getByText(/“Nanosecond of wire” is on its way/).first().waitFor()
  await page.getByRole('link', { name: 'Follow the run' }).click()
  await page.getByRole('heading', { level: 1, name: 'Run of Support desk' }).waitFor()
  await page.getByText(/All is done/).waitFor()
  const id = page.url().split('/').at(-1) ?? ''
  await expect.poll(async () => (await run(id)).status, SLOW).toBe('completed')
})

it('says at its field what is wrong with the input of a call, and starts nothing', async () => {
  const runs = () => desk.project.api<{ runs: unknown[] }>('GET', '/runs?flow=support')
  const before = (await runs()).runs.length
  const page = await tab.go(desk.project.page('/flows/support/start'))
  const order = page.getByLabel(/^order.?id/i)
  await order.fill('one')
  await page.getByRole('button', { name: 'Call', exact: true }).click()

  await page.getByRole('status').getByText('422 Does not fit').waitFor()
  await expect.poll(() => saidAt(order)).toContain('This does not have the expected form.')
  expect(await order.getAttribute('aria-invalid')).toBe('true')
  expect((await runs()).runs).toHaveLength(before)
})

it('has a large refund decided: found in the inbox, talked about, handed over, answered', async () => {
  const page = await tab.go(desk.project.page('/'))
  const inbox = page.getByRole('navigation').getByRole('link', { name: /^Inbox/ })
  expect(await inbox.textContent()).toBe('Inbox')
  const asked = await askForRefund(desk, '1002')
  await inbox.getByText('1 open task').waitFor(SLOW)
  const id = await taskOf(desk, asked)

  await inbox.click()
  const asks = page.getByRole('list', { name: 'Tasks' }).getByRole('link', { name: /Approve the refund/ })
  await asks.filter({ hasText: 'Id: 1002 · Customer: ada@example.com · Article: Analytical engine' }).click()
  await page.getByRole('heading', { level: 1, name: 'Approve the refund' }).waitFor()
  const request = page.getByRole('region', { name: 'What it is about' })
  await request.getByText('Analytical engine').waitFor()
  await request.getByText('a large sum').waitFor()
  await page.getByText('Anybody with the role support-lead').waitFor()
  await page.getByText(/^Due in 1 (d|day)/).waitFor()
  expect(await accessibilityFindings(page)).toEqual([])

  await page.getByLabel('Ask or say something').fill('Has it been sent back?')
  await page.getByRole('button', { name: 'Comment' }).click()
  await page.getByRole('listitem').getByText('Has it been sent back?').waitFor()

  await page.getByRole('button', { name: 'Reassign' }).click()
  const dialog = page.getByRole('dialog', { name: 'Who may answer' })
  const people = dialog.getByRole('combobox', { name: 'People' })
  await people.fill(me)
  await people.press('Enter')
  await dialog.getByRole('button', { name: 'Reassign' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('region', { name: 'Who may answer' }).getByText(me).waitFor()
  expect(await task(id)).toMatchObject({
    assignees: [me],
    roles: ['support-lead'],
    remarks: [{ text: 'Has it been sent back?' }],
  })

  const answer = page.getByRole('region', { name: 'Your answer' })
  await answer.getByRole('button', { name: /^Send/ }).click()
  await answer.getByText('Approve or refuse.').waitFor()
  expect((await task(id)).status).toBe('open')
  await answer.getByRole('radio', { name: 'Approve' }).click()
  await answer.getByRole('button', { name: 'Send: approve' }).click()
  const end = page.getByRole('region', { name: 'How it ended' })
  await end.getByText(/^Answered\. The run went on with “approval.given”/).waitFor()
  await end.getByRole('listitem').getByText(/^approved/).waitFor()
  expect(await accessibilityFindings(page)).toEqual([])
  expect(await task(id)).toMatchObject({ status: 'closed', outcome: 'answered', answers: [{ answer: { approved: true } }] })
  await expect.poll(() => inbox.textContent(), SLOW).toBe('Inbox')

  await page.getByRole('link', { name: 'Look at the run' }).click()
  await page.getByText(/All is done/).waitFor(SLOW)
  await page.getByRole('tab', { name: 'Who did what' }).click()
  await page.getByRole('row').filter({ hasText: /answer/i }).filter({ hasText: me }).first().waitFor()
  await page.getByRole('tab', { name: 'Log' }).click()
  for (const done of ['said something', 'said anew who may answer', 'answered']) await page.getByText(`${me} ${done}`).waitFor()
  await expect.poll(async () => (await run(asked)).status, SLOW).toBe('completed')
})

it('has an answer sent again, as the same delivery, from the page of its run', async () => {
  const asked = await askForRefund(desk, '1001')
  const received = () => desk.crm.received.filter(({ answer }) => answer.order_id === '1001')
  await expect.poll(() => received().map(({ status }) => status), SLOW).toEqual([500, 200])
  const page = await tab.go(desk.project.page(`/runs/support/${asked}?tab=answers`))
  const attempts = page.getByRole('row').filter({ hasText: /delivered|failed/ })
  await attempts.filter({ hasText: 'failed (500)' }).waitFor()
  await attempts.filter({ hasText: 'delivered (200)' }).waitFor()

  await page.getByRole('tabpanel').getByRole('button', { name: 'Repair the run' }).click()
  await page.getByRole('menuitem', { name: /^Send the answer again/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Send the answer again?' })
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await dialog.getByText('The answer is on its way again.').waitFor()
  await dialog.getByRole('button', { name: 'Close' }).last().click()

  await expect.poll(() => received().length, SLOW).toBe(3)
  const [first, , third] = received()
  expect(third).toMatchObject({ id: first?.id, status: 200, answer: first?.answer })
  await expect.poll(() => attempts.filter({ hasText: 'delivered (200)' }).count(), SLOW).toBe(2)
  const path = `/answers/support/${asked}`
  const { answers } = await desk.project.api<{ answers: { id: string; attempts: unknown[] }[] }>('GET', path)
  expect(answers).toMatchObject([{ id: first?.id }])
  expect(answers[0]?.attempts).toHaveLength(3)
})

it('leads from a run to the one that it called, and back', async () => {
  const caller = await askForRefund(desk, '1003')
  const find = async () => (await run(caller)).related.find(({ flow }) => flow === 'risk')?.run_id ?? ''
  await expect.poll(find, SLOW).not.toBe('')
  const called = await find()
  const page = await tab.go(desk.project.page(`/runs/support/${caller}`))
  const linked = page.getByRole('list', { name: 'Linked runs' })
  await linked.getByRole('listitem').filter({ hasText: 'Started' }).getByRole('link', { name: /^Refund risk/ }).click()
  await page.waitForURL(`**/runs/risk/${called}`)
  await page.getByRole('heading', { level: 1, name: 'Run of Refund risk' }).waitFor()
  await linked.getByRole('listitem').filter({ hasText: 'Called by' }).getByRole('link', { name: /^Support desk/ }).click()
  await page.waitForURL(`**/runs/support/${caller}**`)
  await page.getByRole('heading', { level: 1, name: 'Run of Support desk' }).waitFor()
  // The step that called is open: there one sees why.
  await page.getByRole('complementary').or(page.getByRole('region')).getByText('Weigh the refund').first().waitFor()
  expect((await run(called, 'risk')).related).toMatchObject([{ relation: 'caller', flow: 'support', run_id: caller }])
})

it('has a late refund turned down on a phone', async () => {
  const asked = await askForRefund(desk, '1004')
  const id = await taskOf(desk, asked)
  const phone = await Tab.open(browser, { width: 360, height: 740 })
  try {
    const page = await phone.go(desk.project.page('/inbox'))
    await page.getByRole('link', { name: /Approve the refund/ }).click()
    await page.getByText('bought 45 days ago').waitFor()
    await page.getByRole('radio', { name: 'Refuse' }).click()
    await page.getByLabel('What the customer is told').fill('It was bought more than a month ago')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
    expect(await accessibilityFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Send: refuse' }).click()
    await page.getByRole('region', { name: 'How it ended' }).getByText('It was bought more than a month ago').waitFor()
    await expect.poll(async () => (await run(asked)).status, SLOW).toBe('completed')
    expect(await task(id)).toMatchObject({
      outcome: 'answered',
      answers: [{ answer: { approved: false, reason: 'It was bought more than a month ago' } }],
    })
    expect(phone.troubles).toEqual([])
  } finally {
    await phone.close()
  }
})

describe('a gift that two of three partners have to agree on', () => {
  const [anna, ben, carla] = PARTNERS
  const tabs: Tab[] = []

  /** A tab in which somebody has signed in, and that has no troubles in the end. */
  async function as(email: string, path: string): Promise<Page> {
    const opened = await signedInAs(browser, desk, email, path)
    tabs.push(opened)
    return opened.page
  }

  afterEach(async () => {
    for (const each of tabs.splice(0)) {
      expect(each.troubles).toEqual([])
      await each.close()
    }
  })

  /** Who did such a thing, as the audit has it, the first one first. */
  async function noted(query: string): Promise<string[]> {
    const { items } = await desk.project.api<{ items: { identity: string }[] }>('GET', `/audit?${query}`)
    return items.map(({ identity }) => identity).reverse()
  }

  const decision = (page: Page) => page.getByRole('region', { name: /^(Answers so far|How it ended)$/ })

  async function decide(page: Page, by: string, verdict: 'Approve' | 'Refuse', reason = ''): Promise<void> {
    await page.getByRole('radio', { name: verdict }).click()
    if (reason) await page.getByLabel('Reason').fill(reason)
    await page.getByRole('button', { name: `Send: ${verdict.toLowerCase()}` }).click()
    await decision(page).getByRole('listitem').filter({ hasText: `${by} ${verdict === 'Approve' ? 'approved' : 'refused'}` }).waitFor()
  }

  it('is open until the vote that decides, and shows each of them what was voted and who is missing', async () => {
    const asked = await askForGift(desk, 'Ada')
    const id = await taskOf(desk, asked)
    const atAnna = await as(anna, '/inbox')
    const atBen = await as(ben, `/inbox/${id}`)
    await decision(atBen).getByText('0 of 2 approvals. It takes 2 approvals of 3 people.').waitFor()

    await atAnna.getByRole('navigation').getByText('1 open task').waitFor()
    await atAnna.getByRole('list', { name: 'Tasks' }).getByRole('link', { name: /^Agree on the gift/ }).click()
    await atAnna.getByRole('region', { name: 'What it is about' }).getByText('A bunch of flowers').waitFor()
    await decision(atAnna).getByText(`${anna}, ${ben} and ${carla} have not answered yet.`).waitFor()
    await atAnna.getByText(`as ${anna}`).waitFor()
    await decide(atAnna, anna, 'Approve')
    await decision(atAnna).getByText('1 of 2 approvals').waitFor()
    await decision(atAnna).getByText(`${ben} and ${carla} have not answered yet.`).waitFor()
    await atAnna.getByText('You have answered. The run goes on once enough others have.').waitFor()
    expect(await atAnna.getByRole('radio').count(), 'nobody votes twice').toBe(0)
    expect(await accessibilityFindings(atAnna)).toEqual([])

    await decision(atBen).getByRole('listitem').filter({ hasText: `${anna} approved` }).waitFor()
    await decide(atBen, ben, 'Refuse', 'It was not our fault')
    await decision(atBen).getByText('1 of 2 approvals').waitFor()
    await decision(atBen).getByText(`${carla} has not answered yet.`).waitFor()
    await decision(atBen).getByText('It was not our fault').waitFor()
    expect(await task(id)).toMatchObject({ status: 'open', outcome: null })

    const atCarla = await as(carla, '/inbox')
    const line = atCarla.getByRole('list', { name: 'Tasks' }).getByRole('link', { name: /^Agree on the gift/ })
    await line.getByText('2 answers so far').waitFor()
    await line.click()
    await decide(atCarla, carla, 'Approve')
    for (const page of [atCarla, atAnna, atBen]) {
      const end = page.getByRole('region', { name: 'How it ended' })
      await end.getByText('Approved. The run went on with “gift.agreed”.').waitFor()
      await end.getByText('2 of 2 approvals').waitFor()
      expect(await end.getByText('answered yet').count()).toBe(0)
      expect(await page.getByRole('radio').count()).toBe(0)
    }
    expect(await accessibilityFindings(atCarla)).toEqual([])

    await expect.poll(async () => (await run(asked, 'gifts')).status, SLOW).toBe('completed')
    const { answers, outcome } = await task(id)
    expect({ outcome, answers: answers.map(({ by, answer }) => [by, answer]) }).toEqual({
      outcome: 'approved',
      answers: [[anna, { approved: true }], [ben, { approved: false, reason: 'It was not our fault' }], [carla, { approved: true }]],
    })
    await expect.poll(() => noted(`action=task.answer&run_id=${asked}`), SLOW).toEqual(PARTNERS.map((each) => `user:${each}`))
  })

  it('has files attached to it, which those open who may answer, also when it is over', async () => {
    const id = await taskOf(desk, await askForGift(desk, 'Grace'))
    const atAnna = await as(anna, `/inbox/${id}`)
    const remarks = (page: Page) => page.getByRole('region', { name: 'Comments and files' })
    const attach = async (name: string, mimeType: string, text: string) => {
      const choosing = atAnna.waitForEvent('filechooser')
      await remarks(atAnna).getByRole('button', { name: 'Attach a file' }).click()
      await (await choosing).setFiles({ name, mimeType, buffer: Buffer.from(text) })
    }
    const alert = remarks(atAnna).getByRole('alert')
    await attach('film.mp4', 'video/mp4', 'x'.repeat(2_000_000))
    await alert.getByText('“film.mp4” has 2.0 MB; a file may have 1 MB at most.').waitFor()
    await attach('nothing.txt', 'text/plain', '')
    await alert.getByText('“nothing.txt” is empty.').waitFor()
    await remarks(atAnna).getByText('Nobody has said anything yet.').waitFor()

    const letter = 'Dear Grace,\n'
    await attach('Brief für Grace.txt', 'text/plain', letter)
    const file = (page: Page, name: string) => remarks(page).getByRole('listitem').filter({ hasText: anna }).getByRole('link', { name })
    await file(atAnna, 'Brief für Grace.txt 12 bytes').waitFor()
    expect(await alert.count(), 'what was wrong before is mended').toBe(0)
    await attach('card.html', 'text/html', '<script>alert(1)</script>')
    await file(atAnna, 'card.html').waitFor()
    expect(await accessibilityFindings(atAnna)).toEqual([])

    const atBen = await as(ben, `/inbox/${id}`)
    const opened = async (page: Page, name: string) => {
      const coming = page.waitForEvent('download')
      await file(page, name).click()
      const download = await coming
      return [download.suggestedFilename(), await readFile(await download.path(), 'utf8')]
    }
    expect(await opened(atBen, 'Brief für Grace.txt')).toEqual(['Brief für Grace.txt', letter])
    const address = new URL((await file(atBen, 'card.html').getAttribute('href')) ?? '', atBen.url()).href
    const headers = (await atBen.request.get(address)).headers()
    expect(headers['content-disposition'], 'it is never shown as a page of ours').toMatch(/^attachment;/)
    expect(headers['content-security-policy']).toBe("default-src 'none'; sandbox")

    const atDora = await as(DORA, `/inbox/${id}`)
    await atDora.getByRole('main').getByRole('alert').filter({ hasText: `the task ${id} is assigned to others` }).waitFor()
    expect((await atDora.request.get(address)).status()).toBe(403)
    expect((await fetch(address)).status).toBe(401)

    await decide(atAnna, anna, 'Approve')
    await decide(atBen, ben, 'Approve')
    await atAnna.getByRole('region', { name: 'How it ended' }).waitFor()
    expect(await opened(atAnna, 'Brief für Grace.txt')).toEqual(['Brief für Grace.txt', letter])
    expect(await remarks(atAnna).getByRole('button').count(), 'nothing is added any more').toBe(0)
    await expect.poll(() => noted('action=task.attach'), SLOW).toEqual([`user:${anna}`, `user:${anna}`])
  })
})
