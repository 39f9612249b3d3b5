/**
 * `examples/preview-environments`, four flows that GitHub's webhooks set off: a signed webhook is tried, nobody
 * ever sees a secret, and the graphs say what leads from flow to flow.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, Tab } from './harness/browser'
import { write } from './harness/editor'
import { completed, type Previews, pullRequest, runPreviews, runsOf } from './harness/previews'
import { everyPlace, followed, Seen } from './harness/secrecy'

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

describe('a webhook that GitHub signs', () => {
  it('is tried with a real payload: it is accepted, and its runs start', async () => {
    const payload = await pullRequest('opened')
    const run = await onPage('/flows/github-events', async (page) => {
      await page.getByRole('link', { name: 'Start a run' }).click()
      await page.getByRole('heading', { level: 2, name: 'Receive an event from GitHub' }).waitFor()
      await write(page, 'Body', JSON.stringify(payload, null, 2))
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
      await write(page, 'Body', JSON.stringify(await pullRequest('closed')))
      await page.getByRole('button', { name: /^Headers/ }).click()
      await page.getByRole('textbox', { name: 'Value of the header X-GitHub-Event' }).fill('pull_request')
      await page.getByRole('button', { name: 'Add a header' }).click()
      await page.getByRole('combobox', { name: 'Name of the header 2' }).fill('X-Hub-Signature-256')
      await page.getByRole('textbox', { name: 'Value of the header X-Hub-Signature-256' }).fill(`sha256=${'0'.repeat(64)}`)
      await page.getByRole('button', { name: 'Send', exact: true }).click()

      await page.getByRole('status').filter({ hasText: '401 Unauthorized' }).waitFor()
      await page.getByRole('tabpanel', { name: 'Body' }).filter({ hasText: 'signature' }).waitFor()
      expect(await page.getByRole('link', { name: 'Follow the run' }).count()).toBe(0)
    })
    expect(await runsOf(previews.project, 'github-events')).toEqual(before)
    await onPage('/audit?kind=refused', async (page) => {
      const row = page.getByRole('row').filter({ hasText: 'Sent a webhook' })
      await row.filter({ hasText: 'its signature was wrong' }).filter({ hasText: 'Nobody known' }).waitFor()
    })
  })
})

describe('the graphs of the four flows', () => {
  const LEADS: [flow: string, heading: string, links: string[]][] = [
    [
      'github-events',
      'GitHub events',
      ['To the flow Environment manager: branch.opened, branch.updated, branch.closed, branch.pushed'],
    ],
    [
      'environments',
      'Environment manager',
      [
        'From the flow GitHub events: branch.opened, branch.closed, branch.updated, branch.pushed',
        'To the flow Notifications: environment.started, environment.restarted, environment.stopped',
        'To the flow Usage metering: environment.started, environment.stopped',
      ],
    ],
    [
      'notifications',
      'Notifications',
      ['From the flow Environment manager: environment.started, environment.restarted, environment.stopped'],
    ],
    ['usage', 'Usage metering', ['From the flow Environment manager: environment.started, environment.stopped']],
  ]

  it.each(LEADS)('say of `%s` where messages come from and go to', async (flow, heading, links) => {
    const names = await onPage(`/flows/${flow}`, async (page) => {
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
      const graph = page.getByRole('group', { name: /^The flow as a graph/ })
      const portals = graph.getByRole('link', { name: /the flow/ })
      await portals.first().waitFor()
      return portals.evaluateAll((all) => all.map((each) => each.getAttribute('aria-label') ?? ''))
    })
    expect(names.map(sorted).sort()).toEqual(links.map(sorted).sort())
  })

  it('lead from a message to the flow that gets it, and on', async () => {
    await onPage('/flows/github-events?step=announce_pull_request', async (page) => {
      const panel = page.getByRole('complementary')
      await panel.getByText('also in other flows').first().waitFor()
      await page.getByRole('link', { name: /^To the flow Environment manager/ }).click()
      await page.getByRole('heading', { level: 1, name: 'Environment manager' }).waitFor()
      await page.getByRole('link', { name: /^To the flow Usage metering/ }).click()
      await page.getByRole('heading', { level: 1, name: 'Usage metering' }).waitFor()
    })
  })
})

/** The topics of a link in an order of their own: what is first is up to the graph. */
function sorted(name: string): string {
  const [said = '', topics = ''] = name.split(': ')
  return `${said}: ${topics.split(', ').sort().join(', ')}`
}

describe('a secret', () => {
  it('is on no page, and in nothing that is sent to one', { timeout: 300_000 }, async () => {
    const { project, secrets, comments } = previews
    const tab = await Tab.open(browser)
    const seen = new Seen(tab.page)
    try {
      await tab.go(project.page())
      for (const place of await everyPlace(project)) {
        await tab.goOn(project.page(place))
        await seen.look()
      }
      expect(tab.troubles).toEqual([])
    } finally {
      await tab.close()
    }
    seen.add('what is followed', await followed(project))
    // What is no secret is found wherever a secret could be: in the code, messages, logs and errors.
    const masked = ['The token of the careless is •••', 'the careless could not use •••']
    for (const told of ['GITHUB_WEBHOOK_SECRET', comments[0]?.split('\n')[0] ?? '', ...masked]) {
      expect(told).not.toBe('')
      expect(seen.of(told), `“${told}” is seen`).not.toEqual([])
    }
    for (const [name, value] of Object.entries(secrets)) expect(seen.of(value), `\`${name}\` is not`).toEqual([])
  })
})
