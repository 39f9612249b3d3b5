/**
 * How quick the page is with 100,000 finished runs and a flow of 300 steps: `make bench-workbench`.
 *
 * Chromium draws without a graphics card here: frame rates of a real machine are higher.
 */
import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser, Tab } from '../tests/harness/browser'
import { type RunningProject, runProject } from '../tests/harness/project'
import { asTable, type Figure, meets } from './figures'
import { CHAIN, writeProject } from './project'

const RUNS = Number(process.env.RUNS ?? 100_000)
const TIMES = 7
const SCROLL_MS = 2_000

const figures: Figure[] = []
let folder: string
let project: RunningProject
let browser: Browser

beforeAll(async () => {
  folder = await writeProject()
  const once = await runProject(folder) // makes the database that is filled next
  await once.stop()
  await promisify(execFile)(
    'python',
    ['-m', 'bench.seed_runs', join(folder, '.wistro'), '--project', 'bench', '--flow', 'chain', '--flow', 'wide', '--runs', String(RUNS)],
    { cwd: resolve(import.meta.dirname, '../../benchmarks') },
  )
  project = await runProject(folder)
  browser = await openBrowser()
})

afterAll(async () => {
  console.log(`\n${RUNS.toLocaleString('en')} runs, 300 steps, ${await browser?.version()}\n\n${asTable(figures)}\n`)
  await browser?.close()
  await project?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function measured(what: string, unit: Figure['unit'], target: number | undefined, measure: () => Promise<number[]>) {
  const figure: Figure = { what, unit, values: await measure(), ...(target === undefined ? {} : { target }) }
  figures.push(figure)
  if (process.env.STRICT) expect(meets(figure), asTable([figure])).not.toBe(false)
}

async function times(once: () => Promise<number>): Promise<number[]> {
  const found: number[] = []
  for (let time = 0; time < TIMES; time++) found.push(await once())
  return found
}

/** Milliseconds since navigation until something is there and the page has nothing else to do. */
function interactive(page: Page, selector: string): Promise<number> {
  return page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const look = () => {
          if (!document.querySelector(wanted)) requestAnimationFrame(look)
          else requestIdleCallback(() => resolve(performance.now()))
        }
        look()
      }),
    selector,
  )
}

async function firstViews(ready: string): Promise<number[]> {
  return times(async () => {
    const tab = await Tab.open(browser)
    await tab.page.goto(project.page('/'), { waitUntil: 'commit' })
    const took = await interactive(tab.page, ready)
    await tab.close()
    return took
  })
}

it('first view: nothing cached, until the page can be used', () =>
  measured('first view, interactive', 'ms', 1_000, () => firstViews('main h1')))

it('first view: until the overview has its figures', () =>
  measured('first view, with its figures', 'ms', undefined, () =>
    firstViews('main:has(section[aria-label="Workers"] table):not(:has(.mantine-Skeleton-root))'),
  ))

it('run list: from a click in the navigation', () =>
  measured('run list, from click to rows', 'ms', 300, async () => {
    const tab = await Tab.open(browser)
    await tab.go(project.page('/runs')) // its code is there from now on
    const found = await times(async () => {
      await tab.page.getByRole('link', { name: 'Flows' }).first().click()
      await tab.page.waitForURL('**/flows')
      const before = await tab.page.evaluate(() => performance.now())
      await tab.page.getByRole('link', { name: 'Runs' }).first().click()
      return (await interactive(tab.page, 'main a[href*="/runs/"]')) - before
    })
    await tab.close()
    return found
  }))

it('run list: the API by itself', () =>
  measured('run list, first page of the API', 'ms', undefined, () =>
    times(async () => {
      const before = performance.now()
      await project.api('GET', '/runs?limit=50')
      return performance.now() - before
    }),
  ))

it('run list: failed ones of a flow', () =>
  measured('run list, failed runs of one flow', 'ms', 300, () =>
    times(async () => {
      const before = performance.now()
      await project.api('GET', '/runs?limit=50&flow=chain&status=failed')
      return performance.now() - before
    }),
  ))

it('run list: text within ids', () =>
  measured('run list, text within ids', 'ms', 300, async () => {
    const { runs } = await project.api<{ runs: { run_id: string }[] }>('GET', '/runs?limit=50')
    return times(async () => {
      const { run_id = '' } = runs.pop() ?? {}
      const before = performance.now()
      const found = await project.api<{ runs: { run_id: string }[] }>('GET', `/runs?limit=50&text=${run_id.slice(11, 19)}`)
      const took = performance.now() - before
      expect(found.runs.map((run) => run.run_id)).toContain(run_id)
      return took
    })
  }))

/** Frames a second while `move` is called again and again. */
async function frameRate(page: Page, move: (step: number) => Promise<void>): Promise<number> {
  const counter = await page.evaluateHandle(() => {
    const counter = { frames: 0, ended: false }
    const count = () => {
      counter.frames += 1
      if (!counter.ended) requestAnimationFrame(count)
    }
    requestAnimationFrame(count)
    return counter
  })
  const before = performance.now()
  for (let step = 0; performance.now() - before < SCROLL_MS; step++) await move(step)
  const frames = await counter.evaluate((counter) => {
    counter.ended = true
    return counter.frames
  })
  return (frames * 1_000) / (performance.now() - before)
}

it('scrolling through the run list', () =>
  measured('scrolling the run list', 'frames/s', undefined, async () => {
    const tab = await Tab.open(browser)
    const page = await tab.go(project.page('/runs'))
    await page.locator('main a[href*="/runs/"]').first().hover()
    const rate = await frameRate(page, () => page.mouse.wheel(0, 120))
    await tab.close()
    return [rate]
  }))

interface Rates {
  panning: number
  zooming: number
}

/** How many frames a second the graph has while it is shifted, and while it comes closer and goes away. */
async function ratesOf(page: Page): Promise<Rates> {
  const box = await page.locator('.react-flow__pane').boundingBox()
  if (!box) throw new Error('the graph is not there')
  const [x, y] = [box.x + box.width / 2, box.y + box.height - 40]
  await page.mouse.move(x, y)
  await page.mouse.down()
  const panning = await frameRate(page, (step) => page.mouse.move(x + Math.sin(step / 8) * 200, y - (step % 40)))
  await page.mouse.up()
  const zooming = await frameRate(page, (step) => page.mouse.wheel(0, Math.floor(step / 30) % 2 ? 30 : -30))
  return { panning, zooming }
}

async function keepRates(what: string, rates: readonly Rates[], target: number | undefined): Promise<void> {
  await measured(`panning ${what}`, 'frames/s', target, () => Promise.resolve(rates.map(({ panning }) => panning)))
  await measured(`zooming ${what}`, 'frames/s', target, () => Promise.resolve(rates.map(({ zooming }) => zooming)))
}

it('the graph of 300 steps', async () => {
  const rates: Rates[] = []
  await measured('flow of 300 steps, until drawn', 'ms', 2_500, () =>
    times(async () => {
      const tab = await Tab.open(browser)
      await tab.page.goto(project.page('/flows/wide'), { waitUntil: 'commit' })
      const took = await interactive(tab.page, '.react-flow__node')
      rates.push(await ratesOf(tab.page))
      await tab.close()
      return took
    }),
  )
  await keepRates('the graph of 300 steps', rates, 45)
})

it('the graph of a run of 300 steps, while it runs', async () => {
  const tab = await Tab.open(browser)
  const started = await fetch(`${project.url}/wide`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
  const { run } = (await started.json()) as { run: string }
  const page = await tab.go(project.page(`/runs/wide/${run}?tab=graph`))
  await page.locator('.react-flow__node [data-status="completed"]').first().waitFor({ state: 'attached' })
  await keepRates('the graph of a run, while it runs', [await ratesOf(page)], undefined)
  await tab.close()
})

interface Detail {
  status: string
  deliveries: { step: string; finished_at: string | null }[]
}

it('a running flow: from the end of a delivery to the page', () =>
  measured('delivery completed, until seen', 'ms', 250, async () => {
    const tab = await Tab.open(browser)
    const started = await fetch(`${project.url}/chain`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
    const { run } = (await started.json()) as { run: string }
    const page = await tab.go(project.page(`/runs/chain/${run}?tab=graph`))
    await page.evaluate(() => {
      const seen = ((window as unknown as { seen: Record<string, number> }).seen = {})
      const look = () => {
        for (const node of document.querySelectorAll<HTMLElement>('[data-id][data-status="completed"], [data-id]:has([data-status="completed"])')) {
          const id = node.dataset.id
          if (id && !(id in seen)) Object.assign(seen, { [id]: Date.now() })
        }
        requestAnimationFrame(look)
      }
      look()
    })
    const last = `link_${CHAIN.steps - 1}`
    await page.waitForFunction((id) => id in (window as unknown as { seen: Record<string, number> }).seen, last)
    const seen = await page.evaluate(() => (window as unknown as { seen: Record<string, number> }).seen)
    const detail = await project.api<Detail>('GET', `/runs/chain/${run}`)
    await tab.close()
    // What was over before the page looked says nothing.
    const followed = detail.deliveries.filter((each) => each.finished_at && seen[each.step]).slice(3)
    expect(followed.length).toBeGreaterThan(4)
    return followed.map((each) => (seen[each.step] ?? 0) - Date.parse(each.finished_at ?? ''))
  }))
