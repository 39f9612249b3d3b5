import type { Page } from 'playwright-core'

/** Writes over what is in an editor. */
export async function write(page: Page, field: string, text: string): Promise<void> {
  await page.getByRole('textbox', { name: field, exact: true }).click()
  // As somebody does: to set its text at once makes the browser style it, which the page's policy forbids.
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.insertText(text)
}
