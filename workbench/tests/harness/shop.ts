/** The orders example and a browser, for all stories of the file that imports this. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { openBrowser } from './browser'
import { type Orders, runOrders } from './orders'

export let orders: Orders
export let browser: Browser

beforeAll(async () => {
  orders = await runOrders()
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await orders?.close()
})
