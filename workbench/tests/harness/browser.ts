import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const IMAGES = resolve(import.meta.dirname, '../../../docs/workbench')

/** Chromium, as it is installed on this machine. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? CANDIDATES.find((path) => existsSync(path))
  if (!executablePath) throw new Error('there is no Chromium. hint: `make browser`, or name it in `CHROMIUM`')
  return chromium.launch({ executablePath, args: QUIET })
}

export interface Looking {
  scheme?: 'light' | 'dark'
  width?: number
  height?: number
}

/** A tab that remembers what must not happen: errors, breaches of the policy, requests to elsewhere. */
export class Tab {
  readonly page: Page
  readonly troubles: string[] = []
  /** How often a document was loaded. */
  loads = 0
  readonly context: BrowserContext

  constructor(context: BrowserContext, page: Page) {
    this.context = context
    this.page = page
    page.on('load', () => {
      this.loads += 1
    })
    page.on('pageerror', (error) => this.troubles.push(`error: ${error.message}`))
    page.on('console', (message) => {
      const text = message.text()
      // What a refused request looks like is up to the page; what it logs about itself is not.
      if (message.type() === 'error' && !text.startsWith('Failed to load resource')) this.troubles.push(text)
    })
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      const here = new URL(page.url() === 'about:blank' ? request.url() : page.url()).host
      // A link that leads elsewhere is followed by somebody; what a page fetches is not.
      if (protocol.startsWith('http') && host !== here && !request.isNavigationRequest()) this.troubles.push(`request to ${request.url()}`)
    })
  }

  static async open(browser: Browser, { scheme = 'light', width = 1400, height = 900 }: Looking = {}): Promise<Tab> {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
    })
    context.setDefaultTimeout(45_000)
    return new Tab(context, await context.newPage())
  }

  /** Opens an address, and waits until nothing is loading. */
  async go(url: string): Promise<Page> {
    await this.page.goto(url)
    await this.page.getByRole('heading', { level: 1 }).waitFor()
    await settled(this.page)
    return this.page
  }

  /** Goes on to an address of the page without loading it again, as its links do. */
  async goOn(url: string): Promise<Page> {
    await this.page.evaluate((to) => {
      window.history.pushState(null, '', to)
      window.dispatchEvent(new PopStateEvent('popstate'))
    }, url)
    await this.page.getByRole('heading', { level: 1 }).waitFor()
    await settled(this.page)
    return this.page
  }

  async close(): Promise<void> {
    await this.context.close()
  }
}

/** A tab at `url` for what somebody does in it; it is closed whatever comes of that. */
export async function inTab<T>(browser: Browser, url: string, act: (page: Page, tab: Tab) => Promise<T>): Promise<T> {
  const tab = await Tab.open(browser)
  try {
    return await act(await tab.go(url), tab)
  } catch (error) {
    const seen = await tab.page.locator('body').ariaSnapshot().catch(() => 'nothing')
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nThe page was ${tab.page.url()}\n${seen}`, { cause: error })
  } finally {
    await tab.close()
  }
}

/** Waits until everything is there that the page asks for: until then it shows where it will be. */
async function settled(page: Page, quiet = 150): Promise<void> {
  const loading = page.locator('.mantine-Skeleton-root')
  do {
    await page.waitForFunction(() => document.querySelector('.mantine-Skeleton-root') === null)
    await page.waitForTimeout(quiet) // what comes with code that is fetched next
  } while ((await loading.count()) > 0)
}

/** Keeps a picture for the documentation, when asked to: `SCREENSHOTS=1`. */
export async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return
  await mkdir(IMAGES, { recursive: true })
  await settled(page, 1_000)
  await page.screenshot({ path: join(IMAGES, `${name}.png`) })
}
