import type { Page } from 'playwright-core'

/** Empties an editor, and writes into it. */
export async function write(page: Page, field: string, text: string): Promise<void> {
  await page.getByRole('textbox', { name: field, exact: true }).click()
  await page.keyboard.press('ControlOrMeta+A')
  // To write over lines makes the browser style what is written, which the page's policy forbids it.
  await page.keyboard.press('Backspace')
  await page.keyboard.insertText(text)
}
