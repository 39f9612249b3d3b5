import type { Page, Response } from 'playwright-core'
import type { RunningProject } from './project'

const PAGES = [
  ...['/', '/flows', '/runs', '/held', '/inbox', '/schedules', '/topics', '/state', '/streams'],
  ...['/logs', '/logs?level=error', '/traces', '/audit', '/audit?kind=refused'],
]
const TABS_OF_RUNS = ['graph', 'timeline', 'logs', 'trace', 'answers', 'history']

/** Every page there is, with all that can be opened: triggers, steps, runs, deliveries, values, topics, traces. */
export async function everyPlace(project: RunningProject): Promise<string[]> {
  const flows = await project.api<{ id: string }[]>('GET', '/flows')
  const places = await Promise.all(flows.map(({ id }) => placesOfFlow(project, id)))
  return [...PAGES, ...places.flat(), ...(await valuesTopicsAndTraces(project))]
}

async function placesOfFlow(project: RunningProject, flow: string): Promise<string[]> {
  const { graph } = await project.api<{ graph: { nodes: { id: string }[] } }>('GET', `/flows/${flow}`)
  const triggers = await project.api<{ id: string }[]>('GET', `/flows/${flow}/triggers`)
  const { runs } = await project.api<{ runs: { run_id: string }[] }>('GET', `/runs?flow=${flow}&limit=2`)
  const places = [
    `/flows/${flow}`,
    ...graph.nodes.map(({ id }) => `/flows/${flow}?step=${id}&tab=code`),
    ...triggers.map(({ id }) => `/flows/${flow}/start?trigger=${encodeURIComponent(id)}`),
  ]
  for (const { run_id } of runs) {
    const run = `/runs/${flow}/${run_id}`
    const { deliveries } = await project.api<{ deliveries: { delivery_id: string }[] }>('GET', run)
    places.push(...TABS_OF_RUNS.map((tab) => `${run}?tab=${tab}`))
    places.push(...deliveries.map(({ delivery_id }) => `${run}?tab=timeline&delivery=${encodeURIComponent(delivery_id)}`))
  }
  return places
}

async function valuesTopicsAndTraces(project: RunningProject): Promise<string[]> {
  const places: string[] = []
  const groups = await project.api<{ items: string[] }>('GET', '/state/groups')
  for (const group of groups.items) {
    const { items } = await project.api<{ items: { key: string }[] }>('GET', `/state/entries?group=${encodeURIComponent(group)}`)
    places.push(...items.map(({ key }) => `/state?${new URLSearchParams({ group, key })}`))
  }
  const topics = await project.api<{ name: string }[]>('GET', '/topics')
  const traces = await project.api<{ items: { trace_id: string }[] }>('GET', '/traces?limit=5')
  places.push(...topics.map(({ name }) => `/topics/${encodeURIComponent(name)}`))
  return [...places, ...traces.items.map(({ trace_id }) => `/traces/${trace_id}`)]
}

/** All that a page was sent and shows, to be searched. */
export class Seen {
  private readonly page: Page
  private readonly texts: { where: string; text: string }[] = []
  private readonly reading = new Set<Promise<void>>()
  private readonly files = new Set<string>()

  constructor(page: Page) {
    this.page = page
    page.on('response', (response) => {
      const reads = this.read(response).finally(() => this.reading.delete(reads))
      this.reading.add(reads)
    })
  }

  /** Keeps what the page shows now, what its fields hold, and all that it was sent. */
  async look(): Promise<void> {
    const fields = await this.page.locator('input, textarea').evaluateAll((all) => all.map((each) => (each as HTMLInputElement).value))
    const where = this.page.url()
    this.texts.push({ where, text: await this.page.locator('body').innerText() }, { where, text: await this.page.content() })
    this.texts.push({ where, text: fields.join('\n') })
    await Promise.all(this.reading)
  }

  add(where: string, text: string): void {
    this.texts.push({ where, text })
  }

  /** Where `value` occurs: as it is, as JSON, addresses or base64 have it. */
  of(value: string): string[] {
    const forms = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), ...inBase64(value)]
    const found = this.texts.filter(({ text }) => forms.some((form) => text.includes(form)))
    return [...new Set(found.map(({ where }) => where))]
  }

  private async read(response: Response): Promise<void> {
    const headers = await response.allHeaders().catch(() => ({}) as Record<string, string>)
    const where = `${response.request().method()} ${response.url()}`
    this.texts.push({ where, text: JSON.stringify(headers) })
    // What is followed has no end to wait for; files are the same each time.
    if (headers['content-type']?.startsWith('text/event-stream') || this.files.has(response.url())) return
    if (response.url().includes('/assets/')) this.files.add(response.url())
    const body = await response.body().catch(() => null)
    if (body) this.texts.push({ where, text: body.toString('utf8') })
  }
}

/** What base64 makes of `value` within a longer text, wherever it begins. */
function inBase64(value: string): string[] {
  const bits = Buffer.byteLength(value) * 8
  return [0, 8, 16].map((before) => {
    const text = Buffer.from('\0'.repeat(before / 8) + value).toString('base64')
    return text.slice(Math.ceil(before / 6), Math.floor((before + bits) / 6))
  })
}

/** What those hear who follow all runs, from the beginning until nothing has come for a while. */
export async function followed(project: RunningProject): Promise<string> {
  const response = await fetch(`${project.url}/_wistro/api/live?after=0`, { headers: { authorization: `Bearer ${project.token}` } })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!response.ok || !reader) throw new Error(`nothing can be followed: ${response.status}`)
  let text = ''
  for (;;) {
    const quiet = new Promise<null>((resolve) => setTimeout(() => resolve(null), 2_000))
    const read = await Promise.race([reader.read(), quiet])
    if (read === null || read.done) break
    text += read.value
  }
  await reader.cancel()
  return text
}
