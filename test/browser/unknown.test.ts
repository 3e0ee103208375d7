/** What the box does not tell is said to be unknown, never shown as if there were none: each route that fails says so on its page. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { openBrowser, openPage } from './browser.ts'
import { openFakeBox } from './fake-box.ts'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

/** What a page asks, and what it would say if there were none. */
const asked: readonly (readonly [page: string, path: string, none: string])[] = [
  ['', '/events/recent', 'Nothing yet'],
  ['', '/paths', ''],
  ['uplinks', '/paths', ''],
  ['peers/lisbon', '/paths', 'There are no paths'],
  ['peers/lisbon', '/sessions', 'There is no session'],
  ['access', '/denials', 'Nothing was denied'],
  ['diagnostics/flows', '/flows', 'No flow passes now'],
  ['diagnostics/flows', '/denials', 'Nothing was kept out'],
  ['diagnostics/capture', '/capture', 'There are none'],
  ['system/users', '/users', ''],
  ['system/users', '/signed-in', ''],
  ['system/users', '/tokens', 'There are none'],
]

for (const [where, path, none] of asked) {
  test(`#/${where}: that ${path} fails is said`, async () => {
    await using box = await openFakeBox()
    const { page, context } = await openPage(browser, 'desktop', 'light')
    const body = JSON.stringify({ code: 'API_INTERNAL', message: 'the disk is full' })
    await page.route(`**/api/v1${path}`, (route) => route.fulfill({ status: 500, body }))
    await page.goto(`${box.url}#/${where}`)
    await page.getByText('The disk is full. API_INTERNAL').first().waitFor()
    if (none !== '') assert.equal(await page.getByText(none, { exact: false }).count(), 0, none)
    await context.close()
  })
}
