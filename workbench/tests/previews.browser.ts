/**
 * `examples/preview-environments`, four flows that GitHub's webhooks set off: a signed webhook is tried, nobody
 * ever sees a secret, and the graphs say what leads from flow to flow.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, Tab } from './harness/browser'
import { completed, type Previews, pullRequest, runPreviews, runsOf } from './harness/previews'
import { Seen } from './harness/secrecy'

const WEBHOOK = '/flows/github-events/start?trigger=api:receive_webhook'

let previews: Previews
let browser: Browser

beforeAll(async () => {
  previews = await runPreviews()
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await previews?.close()
})

async function onPage<T>(path: string, look: (page: Page) => Promise<T>): Promise<T> {
  const tab = await Tab.open(browser)
  try {
    const done = await look(await tab.go(previews.project.page(path)))
    expect(tab.troubles).toEqual([])
    return done
  } finally {
    await tab.close()
  }
}

/** Pastes over what is in the editor. */
async function paste(page: Page, field: string, text: string): Promise<void> {
  await page.getByRole('textbox', { name: field, exact: true }).click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(text)
}

describe('a webhook that GitHub signs', () => {
  it('is tried with a real payload: it is accepted, and its runs start', async () => {
    const payload = await pullRequest('opened')
    const run = await onPage('/flows/github-events', async (page) => {
      await page.getByRole('link', { name: 'Start a run' }).click()
      await page.getByRole('heading', { level: 2, name: 'Receive an event from GitHub' }).waitFor()
      await paste(page, 'Body', JSON.stringify(payload, null, 2))
      await page.getByRole('button', { name: /^Headers/ }).click()
      const event = page.getByRole('textbox', { name: 'Value of the header X-GitHub-Event' })
      await event.fill('pull_request')
      expect(await page.getByRole('switch', { name: 'Sign it as the sender would' }).isChecked()).toBe(true)
      await page.getByRole('button', { name: 'Send', exact: true }).click()

      await page.getByRole('status').filter({ hasText: '200 OK' }).waitFor()
      await page.getByRole('tab', { name: 'Sent' }).click()
      const sent = page.getByRole('table', { name: 'Headers' })
      await sent.getByRole('row', { name: /^x-hub-signature-256/i }).filter({ hasText: /sha256=[0-9a-f]{64}/ }).waitFor()
      await page.getByRole('status').filter({ hasText: 'Completed' }).waitFor()
      await page.getByRole('link', { name: 'Follow the run' }).click()
      await page.getByRole('heading', { level: 1, name: 'Run of GitHub events' }).waitFor()
      const linked = page.getByRole('list', { name: 'Linked runs' })
      await linked.getByRole('link', { name: /^Environment manager/ }).waitFor()
      return new URL(page.url()).pathname.split('/').at(-1)
    })
    expect(await completed(previews.project, 'github-events', 1)).toMatchObject([{ run_id: run }])
    await completed(previews.project, 'environments', 1)
    // Each of the two apps got an environment and a comment, although GitHub failed at first.
    await expect.poll(() => previews.comments.length, { timeout: 30_000 }).toBe(2)
    expect(previews.comments.join('\n')).toMatch(/\*\*(web|docs)\*\* runs this branch at/)
  })

  it('is refused with a signature that somebody made up', async () => {
    const before = await runsOf(previews.project, 'github-events')
    await onPage(WEBHOOK, async (page) => {
      await page.getByRole('switch', { name: 'Sign it as the sender would' }).uncheck({ force: true })
      await paste(page, 'Body', JSON.stringify(await pullRequest('closed')))
      await page.getByRole('button', { name: /^Headers/ }).click()
      await page.getByRole('textbox', { name: 'Value of the header X-GitHub-Event' }).fill('pull_request')
      await page.getByRole('button', { name: 'Add a header' }).click()
      await page.getByRole('combobox', { name: 'Name of the header 2' }).fill('X-Hub-Signature-256')
      await page.getByRole('textbox', { name: 'Value of the header X-Hub-Signature-256' }).fill(`sha256=${'0'.repeat(64)}`)
      await page.getByRole('button', { name: 'Send', exact: true }).click()

      await page.getByRole('status').filter({ hasText: '401 Unauthorized' }).waitFor()
      expect(await page.getByRole('tabpanel', { name: 'Body' }).innerText()).toContain('signature')
      expect(await page.getByRole('link', { name: 'Follow the run' }).count()).toBe(0)
    })
    expect(await runsOf(previews.project, 'github-events')).toEqual(before)
    const { items } = await previews.project.api<{ items: { outcome: string; reason: string }[] }>('GET', '/audit?kind=refused')
    expect(items[0]).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('signature') as string })
  })
})
