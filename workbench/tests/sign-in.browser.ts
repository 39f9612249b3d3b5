/**
 * `examples/orders` as `wistro start` runs it: who may come in and how, what each may see and do, what the
 * page's policy keeps out, and what becomes of a page whose connection is lost for a while.
 */
import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saidAt } from './harness/desk'
import { inTab, openBrowser, Tab } from './harness/browser'
import { signInAt } from './harness/issuer'
import { PAGES, placeOrder, shown, until } from './harness/orders'
import { Seen } from './harness/secrecy'
import { type Started, startOrders } from './harness/started'
import { wireTo } from './harness/wire'

let orders: Started
let browser: Browser

beforeAll(async () => {
  orders = await startOrders()
  browser = await openBrowser()
}, 300_000)

afterAll(async () => {
  await browser?.close()
  await orders?.close()
})

const at = (path: string) => orders.project.page(path)
/** For a test that visits every page, on a machine that does other things too. */
const MANY_PAGES = 300_000
const SIGN_IN = 'Sign in to Wistro'

async function signIn(page: Page, token: string, name = ''): Promise<void> {
  await page.getByRole('heading', { level: 1, name: SIGN_IN }).waitFor()
  await page.getByRole('textbox', { name: 'Your name' }).fill(name)
  await page.getByLabel('Management token or API key').fill(token)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** A tab of somebody who came in with `token`. */
async function signedIn<T>(token: string, path: string, act: (page: Page, tab: Tab) => Promise<T>, name = ''): Promise<T> {
  return inTab(browser, at(path), async (page, tab) => {
    await signIn(page, token, name)
    await page.getByRole('button', { name: /, (Operator|Read only|View only)$/ }).waitFor()
    const done = await act(page, tab)
    expect(tab.troubles).toEqual([])
    return done
  })
}

const main = (page: Page) => page.getByRole('main')

/** What the API answers to somebody with a key. */
async function answered(key: string, method: string, path: string): Promise<number> {
  const response = await fetch(`${orders.project.url}/_wistro/api${path}`, { method, headers: { 'x-api-key': key } })
  return response.status
}

describe('somebody who is not signed in', () => {
  it('is led to the sign-in from every page, and sees nothing of it', { timeout: MANY_PAGES }, async () => {
    await inTab(browser, at('/'), async (page, tab) => {
      const seen = new Seen(page)
      for (const path of Object.values(PAGES).map((pathOf) => pathOf(orders))) {
        await tab.go(at(path))
        expect(await page.getByRole('heading', { level: 1 }).textContent(), path).toBe(SIGN_IN)
        const to = new URL(page.url()).searchParams.get('to')
        expect(to, path).toBe(path === '/' || path === '/sign-in' ? null : path)
        await seen.look()
      }
      expect(seen.of('Order processing')).toEqual([])
      expect(seen.of(SIGN_IN)).not.toEqual([])
      expect(tab.troubles).toEqual([])
    })
  })

  it('comes to the page they wanted, once they have signed in, and leaves again', async () => {
    const { token } = orders.project
    const wanted = `/runs/orders/${orders.held}?tab=timeline`
    await signedIn(token, wanted, async (page, tab) => {
      expect(page.url()).toBe(at(wanted))
      await page.getByRole('tab', { name: 'Timeline', selected: true }).waitFor()
      const me = page.getByRole('button', { name: 'Ben, Operator' })
      await me.click()
      await page.getByText('Signed in with the management token.').waitFor()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByRole('status').filter({ hasText: 'You are signed out.' }).waitFor()
      await page.goBack()
      await page.getByRole('heading', { level: 1, name: SIGN_IN }).waitFor()
      await tab.go(at(wanted))
      await page.getByRole('heading', { level: 1, name: SIGN_IN }).waitFor()
    }, 'Ben')
  })

  it('is told at its field what is wrong with a token or a name', async () => {
    await inTab(browser, at('/runs'), async (page) => {
      const token = page.getByLabel('Management token or API key')
      const name = page.getByRole('textbox', { name: 'Your name' })
      await signIn(page, 'wk_nobody_knows_it', 'Ben')
      await expect.poll(() => token.getAttribute('aria-invalid')).toBe('true')
      expect(await saidAt(token)).toContain('The key or token is not valid here.')
      expect(await name.getAttribute('aria-invalid')).not.toBe('true')

      await signIn(page, orders.project.token, '')
      await expect.poll(() => name.getAttribute('aria-invalid')).toBe('true')
      expect(await saidAt(name)).toContain('Say who you are')
      expect(await token.getAttribute('aria-invalid')).not.toBe('true')

      await signIn(page, orders.keys.nothing)
      await page.getByRole('alert').filter({ hasText: 'The key stranger has no access to the workbench.' }).waitFor()
      expect(new URL(page.url()).pathname).toContain('/sign-in')
    })
  })
})

describe('a user of the issuer', () => {
  it('signs in there, and comes back to the page they wanted', async () => {
    await inTab(browser, at('/runs?status=held'), async (page, tab) => {
      const asked = page.waitForRequest((request) => request.url().startsWith(`${orders.issuer.url}/authorize`))
      await signInAt(orders.issuer, page, 'olga@shop.example')
      expect(new URL((await asked).url()).searchParams.get('code_challenge_method')).toBe('S256')
      await page.getByRole('heading', { level: 1, name: 'Runs', exact: true }).waitFor()
      expect(page.url()).toBe(at('/runs?status=held'))
      await page.getByRole('button', { name: 'olga@shop.example, Operator' }).click()
      await page.getByText('Signed in as a user.').waitFor()
      expect(tab.troubles).toEqual([])
    })
  })

  it('is told when no rule lets them in', async () => {
    await inTab(browser, at('/runs'), async (page) => {
      await signInAt(orders.issuer, page, 'carl@shop.example')
      await page.getByRole('alert').filter({ hasText: 'You are known, but have no access to the workbench' }).waitFor()
      await page.getByRole('heading', { level: 1, name: SIGN_IN }).waitFor()
    })
  })
})

/** What only those see who may read: the address of a customer, and why the delivery is held. */
const DATA = ['grace@private.example', 'the provider knows no card']
const SEEN_BY_ALL = ['overview', 'flows', 'flow', 'step', 'start', 'runs', 'run', 'timeline', 'run-held', 'inbox-empty', 'schedules', 'topics', 'topic', 'streams', 'traces']
const FOR_READERS = ['held', 'state', 'logs', 'audit']

async function heldOrder(): Promise<string> {
  const run = await placeOrder(orders.project, { customer: 'Grace', email: 'grace@private.example', card: 'tok_lost' })
  await until('the order is held', async () => (await shown(orders.project, run)).waiting_for === 'operator')
  return run
}

const pathOf = (name: string) => PAGES[name]?.(orders) ?? '/'

describe('a key that may view', () => {
  it('sees flows, runs and their timing, and nothing of what they say', { timeout: MANY_PAGES }, async () => {
    const running = await heldOrder()
    await signedIn(orders.keys.view, '/runs', async (page, tab) => {
      const refused: string[] = []
      page.on('response', (response) => {
        if (response.status() === 403) refused.push(response.url())
      })
      const seen = new Seen(page)
      await page.getByRole('button', { name: 'key:onlooker, View only' }).waitFor()
      const runs = page.getByRole('list', { name: 'Runs' })
      await runs.getByRole('link').filter({ hasText: running.slice(0, 8) }).waitFor()
      const ofRun = ['', '?tab=timeline'].map((query) => `/runs/orders/${running}${query}`)
      for (const path of [...SEEN_BY_ALL.map(pathOf), ...ofRun]) {
        await tab.go(at(path))
        await seen.look()
        expect(await page.getByRole('alert').count(), path).toBe(0)
      }
      expect(refused, 'what the page asks for is theirs to see').toEqual([])
      for (const told of DATA) expect(seen.of(told), told).toEqual([])
      expect(seen.of('Order processing')).not.toEqual([])

      await tab.go(at(`/runs/orders/${orders.completed}?tab=logs`))
      expect(await page.getByRole('tab').allTextContents()).toEqual(['Graph', 'Timeline'])
      for (const name of FOR_READERS) {
        await tab.go(at(pathOf(name)))
        await main(page).getByText('may `view`, not `read`').or(main(page).getByText(/may view, not read/)).first().waitFor()
      }
    })
    for (const [path, status] of Object.entries({
      '/runs': 200,
      [`/runs/orders/${orders.completed}`]: 200,
      '/runs/waiting?run=orders/1': 403,
      '/state/groups': 403,
      '/logs': 403,
      '/audit': 403,
      '/flows/orders/steps/charge-card/source': 403,
    })) {
      expect(await answered(orders.keys.view, 'GET', path), path).toBe(status)
    }
  })

  it('changes nothing', async () => {
    await cannotChange(orders.keys.view)
  })
})

describe('a key that may read', () => {
  it('sees also what messages, state, logs and the code say', { timeout: MANY_PAGES }, async () => {
    const running = await heldOrder()
    await signedIn(orders.keys.read, '/runs', async (page, tab) => {
      await page.getByRole('button', { name: 'key:auditor, Read only' }).waitFor()
      const seen = new Seen(page)
      for (const name of ['run-logs', 'run-history', 'state', 'logs', 'audit', 'held']) {
        await tab.go(at(pathOf(name)))
        await seen.look()
        expect(await page.getByRole('alert').count(), name).toBe(0)
      }
      await tab.go(at('/flows/orders?step=charge-card&tab=code'))
      await page.getByRole('textbox', { name: /^Code of/ }).waitFor()
      await tab.go(at(`/runs/orders/${running}`))
      await seen.look()
      for (const told of DATA) expect(seen.of(told), told).not.toEqual([])
    })
  })

  it('changes nothing', async () => {
    await cannotChange(orders.keys.read)
  })
})

/** Whoever has `key` finds nothing that they could change, and the API takes no change from them. */
async function cannotChange(key: string): Promise<void> {
  await signedIn(key, `/runs/orders/${orders.held}`, async (page, tab) => {
    await page.getByRole('button', { name: 'Repair the run' }).click()
    const choices = page.getByRole('menuitem')
    await choices.first().waitFor()
    expect(await choices.evaluateAll((all) => all.filter((each) => !each.hasAttribute('data-disabled') && !(each as HTMLButtonElement).disabled))).toEqual([])
    await tab.go(at('/flows/orders/start?trigger=place_order'))
    await page.getByText('Only operators may start runs').waitFor()
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true)
    await tab.go(at('/schedules'))
    expect(await main(page).getByRole('button', { name: /Pause|Trigger|Tick|Backfill/i }).count()).toBe(0)
  })
  const before = await shown(orders.project, orders.held)
  for (const [method, path] of [
    ['POST', `/runs/orders/${orders.held}/cancel`],
    ['POST', '/held/release'],
    ['POST', '/try'],
    ['PUT', '/state/entry?group=orders&key=made-up'],
    ['POST', '/schedules/reporting/report_sales/pause'],
  ] as const) {
    expect(await answered(key, method, path), path).toBe(403)
  }
  expect((await shown(orders.project, orders.held)).status).toBe(before.status)
}

describe('a key that may operate', () => {
  it('changes something, which is noted under its name', async () => {
    const run = await heldOrder()
    await signedIn(orders.keys.operate, `/runs/orders/${run}`, async (page) => {
      await page.getByRole('button', { name: 'Repair the run' }).click()
      await page.getByRole('menuitem', { name: /Cancel the run/ }).click()
      const dialog = page.getByRole('dialog', { name: 'Cancel this run?' })
      await dialog.getByRole('button', { name: 'Cancel the run' }).click()
      await dialog.getByText('The run was asked to end.').waitFor()
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      await page.getByRole('tab', { name: 'Who did what' }).click()
      await page.getByRole('row').filter({ hasText: 'mechanic' }).filter({ hasText: 'Asked the run to end' }).waitFor()
    })
    await until('the run is cancelled', async () => (await shown(orders.project, run)).status === 'cancelled')
  })
})

describe('the policy of the page', () => {
  it('lets in nothing but files of this server, and no page breaks it', { timeout: MANY_PAGES }, async () => {
    await signedIn(orders.project.token, '/', async (page, tab) => {
      const nonces = new Set<string>()
      for (const path of Object.values(PAGES).map((each) => each(orders)).filter((each) => each !== '/sign-in')) {
        const answer = await page.goto(at(path))
        const policy = (await answer?.headerValue('content-security-policy')) ?? ''
        const [, nonce = ''] = /style-src 'self' 'nonce-([\w-]{20,})'/.exec(policy) ?? []
        expect(policy, path).toMatch(/^default-src 'none'; script-src 'self';/)
        expect(policy, path).not.toMatch(/unsafe|\*|https?:|data: *;? *script/)
        nonces.add(nonce)
        await page.getByRole('heading', { level: 1 }).waitFor()
        expect(await page.getByRole('heading', { level: 1 }).textContent(), path).not.toBe(SIGN_IN)
      }
      expect(nonces.size).toBe(Object.keys(PAGES).length - 1)
      expect(tab.troubles).toEqual([])
    }, 'Ben')
  })

  it('stops a script that somebody smuggled in', async () => {
    await inTab(browser, at('/sign-in'), async (page, tab) => {
      const stopped = await page.evaluate(
        () =>
          new Promise<string>((resolve) => {
            document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective))
            const script = document.createElement('script')
            script.textContent = 'window.smuggled = true'
            document.body.append(script)
          }),
      )
      expect(stopped).toContain('script-src')
      expect(await page.evaluate(() => 'smuggled' in window)).toBe(false)
      expect(tab.troubles).not.toEqual([])
    })
  })
})

describe('a page whose connection is lost', () => {
  /** Comes in by a way that can be cut, with a browser that knows when it is. */
  async function onTheWire(path: string, act: (page: Page, tab: Tab, lose: () => Promise<() => Promise<void>>) => Promise<void>, reloads = 0) {
    const wire = await wireTo(orders.project.url)
    try {
      await inTab(browser, at(path).replace(orders.project.url, wire.url), async (page, tab) => {
        await signIn(page, orders.project.token, 'Ben')
        await status(page, 'Live')
        const { loads } = tab
        await act(page, tab, async () => {
          await tab.context.setOffline(true)
          wire.cut()
          await status(page, 'Offline')
          return async () => {
            wire.mend()
            await tab.context.setOffline(false)
            await status(page, 'Live')
          }
        })
        expect(tab.loads - loads, 'how often it was loaded again').toBe(reloads)
        expect(tab.troubles).toEqual([])
      })
    } finally {
      await wire.close()
    }
  }

  const status = (page: Page, word: string) => page.getByRole('banner').getByRole('status').filter({ hasText: word }).waitFor()

  it('says so, and afterwards has all that happened meanwhile, each entry once and in order', async () => {
    const { project } = orders
    await onTheWire('/logs', async (page, _, lose) => {
      const before = await placeOrder(project, { customer: 'Margaret' })
      await until('the order is completed', async () => (await shown(project, before)).status === 'completed', 60)
      const mend = await lose()
      const meanwhile = await placeOrder(project, { customer: 'Radia' })
      await until('the order is completed', async () => (await shown(project, meanwhile)).status === 'completed', 60)
      const missed = await entriesOf(meanwhile)
      expect(missed.length).toBeGreaterThan(5)
      expect((await downloaded(page)).filter((seq) => missed.includes(seq))).toEqual([])
      await mend()
      const after = await placeOrder(project, { customer: 'Barbara' })
      await until('the order is completed', async () => (await shown(project, after)).status === 'completed', 60)
      const wanted = [...(await entriesOf(meanwhile)), ...(await entriesOf(after))]
      await expect.poll(() => downloaded(page)).toEqual(expect.arrayContaining(wanted))
      const found = await downloaded(page)
      expect(found).toEqual([...new Set(found)].sort((one, other) => one - other))
    })
  })

  it('comes back to the page that was gone to meanwhile, though its code could not be fetched', async () => {
    await onTheWire('/runs', async (page, _, lose) => {
      const mend = await lose()
      await page.getByRole('navigation').getByRole('link', { name: 'Schedules' }).click()
      const said = main(page)
      await said.getByRole('alert').filter({ hasText: 'This page could not be shown' }).getByText('A part of it could not be fetched').waitFor()
      await said.getByText('It comes back by itself once the server is there.').waitFor()
      await said.getByRole('button', { name: 'Load it again' }).waitFor()
      await mend()
      await page.getByRole('heading', { level: 1, name: 'Schedules' }).waitFor()
      expect(page.url()).toContain('/schedules')
      expect(await page.getByRole('alert').count()).toBe(0)
    }, 1)
  })

  it('shows a run that went on meanwhile as it is', async () => {
    const { project } = orders
    const run = await heldOrder()
    const { deliveries } = await project.api<{ deliveries: { delivery_id: string; status: string }[] }>('GET', `/runs/orders/${run}`)
    const held = deliveries.find(({ status }) => status === 'held')
    await onTheWire(`/runs/orders/${run}`, async (page, _, lose) => {
      await page.getByRole('region', { name: 'What is held' }).getByRole('textbox', { name: /^Code of|^Source of/ }).waitFor()
      const mend = await lose()
      await project.api('POST', `/runs/orders/${run}/deliveries/${held?.delivery_id ?? ''}/skip`)
      await until('the run has ended', async () => (await shown(project, run)).status === 'completed')
      await page.getByRole('region', { name: 'What is held' }).waitFor()
      await mend()
      await page.getByText('All is done').waitFor()
    })
  })
})

/** The numbers of all entries that the page has, shown or scrolled away. */
async function downloaded(page: Page): Promise<number[]> {
  const coming = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  const text = await readFile(await (await coming).path(), 'utf8')
  return text.split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { seq: number }).seq)
}

/** The numbers of what the journal has of a run. */
async function entriesOf(run: string): Promise<number[]> {
  const { entries } = await orders.project.api<{ entries: { seq: number }[] }>('GET', `/runs/orders/${run}/logs`)
  return entries.map(({ seq }) => seq)
}
