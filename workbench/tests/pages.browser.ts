/**
 * Every page of the workbench, on a project in which something happened: it can be seen in light and dark, axe
 * finds nothing wrong, nothing is asked of another origin, and the page's policy holds.
 */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { accessibilityFindings } from './harness/accessible'
import { picture, Tab } from './harness/browser'
import { type Orders, PAGES } from './harness/orders'
import { browser, orders } from './harness/shop'

describe.each(['light', 'dark'] as const)('in %s colours', (scheme) => {
  it.each(Object.keys(PAGES))('the page `%s`', async (name) => {
    const tab = await Tab.open(browser, { scheme })
    try {
      const page = await tab.go(orders.project.page(PAGES[name]?.(orders) ?? '/'))
      await picture(page, `${name}-${scheme}`)
      expect(await accessibilityFindings(page)).toEqual([])
      expect(tab.troubles).toEqual([])
    } finally {
      await tab.close()
    }
  })
})

const OPENED: Record<string, { page: (shop: Orders) => string; open: (page: Page) => Promise<void> }> = {
  palette: {
    page: () => '/',
    open: (page) => page.keyboard.press('Control+K'),
  },
  'repair-menu': {
    page: (shop) => `/runs/orders/${shop.held}`,
    open: (page) => page.getByRole('button', { name: 'Repair the run' }).click(),
  },
  repair: {
    page: (shop) => `/runs/orders/${shop.held}`,
    open: async (page) => {
      await page.getByRole('button', { name: 'Repair the run' }).click()
      await page.getByRole('menuitem', { name: /^Cancel the run/ }).click()
    },
  },
  message: {
    page: () => '/topics/order.placed',
    open: (page) => page.getByRole('button', { name: 'Send a message' }).click(),
  },
  'user-menu': {
    page: () => '/',
    open: (page) => page.getByRole('button', { name: /, Operator$/ }).click(),
  },
}

describe.each(['light', 'dark'] as const)('opened, in %s colours', (scheme) => {
  it.each(Object.keys(OPENED))('`%s`', async (name) => {
    const opened = OPENED[name]
    if (!opened) return
    const tab = await Tab.open(browser, { scheme })
    try {
      const page = await tab.go(orders.project.page(opened.page(orders)))
      await opened.open(page)
      await page.getByRole('dialog').or(page.getByRole('menu')).first().waitFor()
      await picture(page, `${name}-${scheme}`)
      expect(await accessibilityFindings(page)).toEqual([])
      expect(tab.troubles).toEqual([])
    } finally {
      await tab.close()
    }
  })
})

describe('on a phone', () => {
  it.each(['overview', 'runs', 'run', 'timeline', 'inbox', 'held'])('the page `%s`', async (name) => {
    const tab = await Tab.open(browser, { width: 360, height: 740 })
    try {
      const page = await tab.go(orders.project.page(PAGES[name]?.(orders) ?? '/'))
      await picture(page, `${name}-phone`)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(wide, 'nothing has to be scrolled sideways').toBeLessThanOrEqual(360)
      expect(await accessibilityFindings(page)).toEqual([])
    } finally {
      await tab.close()
    }
  })
})
