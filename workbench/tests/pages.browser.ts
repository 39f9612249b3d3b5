/**
 * Every page of the workbench, on projects in which something happened: it can be seen in light and dark, axe finds
 * nothing wrong, nothing is asked of another origin, and the page's policy holds.
 */
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityFindings } from './harness/accessible'
import { type Looking, picture, Tab } from './harness/browser'
import { type Asked, type Desk, DESK_PAGES, runDesk, someRequests } from './harness/desk'
import { type Orders, PAGES } from './harness/orders'
import { browser, orders } from './harness/shop'

const SCHEMES = ['light', 'dark'] as const
const PHONE = { width: 360, height: 740 }

/** Whoever opens the page at `url`, and then something on it, sees it whole, and nothing is wrong with it. */
async function look(name: string, looking: Looking, url: string, open?: (page: Page) => Promise<Locator>): Promise<void> {
  const tab = await Tab.open(browser, looking)
  try {
    const page = await tab.go(url)
    await (await open?.(page))?.waitFor()
    await picture(page, name)
    const wide = await page.evaluate(() => Math.max(...Array.from(document.querySelectorAll('html, header'), (each) => each.scrollWidth)))
    expect(wide, 'nothing has to be scrolled sideways').toBeLessThanOrEqual(page.viewportSize()?.width ?? 0)
    expect(await accessibilityFindings(page)).toEqual([])
    expect(tab.troubles).toEqual([])
  } finally {
    await tab.close()
  }
}

const inShop = (name: string) => orders.project.page(PAGES[name]?.(orders) ?? '/')

describe.each(SCHEMES)('in %s colours', (scheme) => {
  it.each(Object.keys(PAGES))('the page `%s`', (name) => look(`${name}-${scheme}`, { scheme }, inShop(name)))
})

/** What opens over a page, or is opened from it. */
interface Opened {
  page: (shop: Orders) => string
  open: (page: Page, shop: Orders) => Promise<Locator>
}

const OPENED: Record<string, Opened> = {
  palette: {
    page: () => '/',
    open: async (page) => {
      await page.keyboard.press('Control+K')
      return page.getByRole('dialog')
    },
  },
  'repair-menu': {
    page: (shop) => `/runs/orders/${shop.held}`,
    open: async (page) => {
      await page.getByRole('button', { name: 'Repair the run' }).click()
      return page.getByRole('menu')
    },
  },
  repair: {
    page: (shop) => `/runs/orders/${shop.held}`,
    open: async (page) => {
      await page.getByRole('button', { name: 'Repair the run' }).click()
      await page.getByRole('menuitem', { name: /^Cancel the run/ }).click()
      return page.getByRole('dialog')
    },
  },
  message: {
    page: () => '/topics/order.placed',
    open: async (page) => {
      await page.getByRole('button', { name: 'Send a message' }).click()
      return page.getByRole('dialog')
    },
  },
  'user-menu': {
    page: () => '/',
    open: async (page) => {
      await page.getByRole('button', { name: /, Operator$/ }).click()
      return page.getByRole('dialog')
    },
  },
  trace: {
    page: () => '/traces',
    open: async (page, shop) => {
      await page.getByRole('row').filter({ hasText: shop.completed.slice(0, 8) }).getByRole('link').first().click()
      return page.getByRole('treegrid')
    },
  },
}

describe.each(SCHEMES)('opened, in %s colours', (scheme) => {
  it.each(Object.entries(OPENED))('`%s`', (name, { page, open }) =>
    look(`${name}-${scheme}`, { scheme }, orders.project.page(page(orders)), (opened) => open(opened, orders)),
  )
})

describe('on a phone', () => {
  it.each(['overview', 'runs', 'run', 'timeline', 'held'])('the page `%s`', (name) => look(`${name}-phone`, PHONE, inShop(name)))
})

describe('where people are asked', () => {
  let desk: Desk
  let asked: Asked

  beforeAll(async () => {
    desk = await runDesk()
    asked = await someRequests(desk)
  })

  afterAll(() => desk?.close())

  const atDesk = (name: string) => desk.project.page(DESK_PAGES[name]?.(asked) ?? '/')

  describe.each(SCHEMES)('in %s colours', (scheme) => {
    it.each(Object.keys(DESK_PAGES))('the page `%s`', (name) => look(`${name}-${scheme}`, { scheme }, atDesk(name)))
  })

  it.each(['inbox', 'task'])('the page `%s` on a phone', (name) => look(`${name}-phone`, PHONE, atDesk(name)))
})
