import type { Page, Response } from 'playwright-core'

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

  /** Where `value` occurs: as it is, or as base64 or addresses have it. */
  of(value: string): string[] {
    const forms = [value, encodeURIComponent(value), Buffer.from(value).toString('base64').replace(/=+$/, '')]
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
