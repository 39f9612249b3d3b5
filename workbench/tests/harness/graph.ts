import type { Locator, Page } from 'playwright-core'

/** The flow as a graph. */
export function graphOf(page: Page): Locator {
  return page.getByRole('group', { name: 'The flow as a graph' })
}

/** A step in the graph, which is called what can be read on it: its name comes first. */
export function nodeOf(page: Page, name: string): Locator {
  return graphOf(page).getByRole('button', { name: new RegExp(`^${name}`) })
}

/** Waits until a step is lit up in the colour of a status. */
export async function litUp(page: Page, name: string, status: string): Promise<void> {
  await nodeOf(page, name).and(page.locator(`[data-status="${status}"]`)).waitFor()
}
