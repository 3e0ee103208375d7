/** What tests of pages do again and again. */
import type { Page } from 'playwright-core'

export const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name }).first()
export const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

/** A draft of one change. */
export async function limitOffice(page: Page, limit: string): Promise<void> {
  await button(page, 'Change office').click()
  await page.getByLabel('Limit up').fill(limit)
  await button(page, 'Done').click()
  await page.locator('.draft-bar').waitFor()
}
