import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** What axe finds wrong with the page as it is now: a line for each rule and place. */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  await atRest(page)
  await page.evaluate(AXE)
  const results = (await page.evaluate(`axe.run(document, ${JSON.stringify({ runOnly: TAGS })})`)) as AxeResults
  return results.violations.flatMap((rule) =>
    rule.nodes.filter((node) => !(rule.id === 'region' && isOpened(node.html))).map((node) => `${rule.id} (${rule.impact ?? 'unknown'}): ${rule.help} at ${node.target.join(' ')}: ${node.html.slice(0, 160)}`),
  )
}

/** Waits until nothing fades in or moves any more; what turns for as long as something lasts may go on. */
async function atRest(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.getAnimations().every((each) => each.playState !== 'running' || each.effect?.getComputedTiming().endTime === Infinity),
  )
}

/** What opens at a button is next to it for the keyboard; in the document it is at the end, outside of all landmarks. */
function isOpened(html: string): boolean {
  return /^<div [^>]*(data-portal|role="(menu|dialog)")/.test(html)
}
