/** The page behind the box's own HTTPS: its files, content policy, cookie and CSRF token, from the first password to signing out. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { accessRoutes } from '../../firmware/gateway/api/access-routes.ts'
import { openEventStream } from '../../firmware/gateway/api/event-stream.ts'
import type { LocalRoute } from '../../firmware/gateway/api/local-route.ts'
import { readPages } from '../../firmware/host/web/pages.ts'
import { Status } from '../../firmware/model/local-api.ts'
import { ApiEvent } from '../../firmware/model/local-api-event.ts'
import { type LanWorld, openLanWorld, password } from '../unit/gateway/lan-world.ts'
import { openBrowser, openPage } from './browser.ts'
import { statusOf } from './canned/site.ts'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

const status = statusOf({ site: 'well' })
const statusRoutes: readonly LocalRoute[] = [
  {
    ...{ method: 'GET', url: '/api/v1/status', needs: 'status', summary: 'How it is.' },
    ...{ answer: Status, handle: () => ({ body: status }) },
  },
  {
    ...{ method: 'GET', url: '/api/v1/events', needs: 'status.read', summary: 'What changes.' },
    ...{ answer: 'text/event-stream', answerSchema: ApiEvent, handle: () => ({ body: null }) },
    stream: openEventStream((listener) => {
      listener({ kind: 'status', status })
      return () => {}
    }),
  },
]

async function openWorld(context: TestContext): Promise<LanWorld> {
  const pages = await readPages(join(import.meta.dirname, '../../webui/out'))
  assert.ok(pages.length > 10, 'npm run webui builds it')
  return openLanWorld(context, {
    pages,
    routes: (parts) => [...accessRoutes(parts), ...statusRoutes],
  })
}

test('the first password, out and in again, at the server of the box', async (context) => {
  const world = await openWorld(context)
  const url = `https://127.0.0.1:${world.port}/`
  const { page, context: tab, complaints } = await openPage(browser, 'desktop', 'light')
  await page.goto(url)
  await page.getByRole('heading', { name: 'Choose a password' }).waitFor()
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page
    .getByRole('heading', { name: 'Whose is this box?' })
    .or(page.getByRole('alert'))
    .first()
    .waitFor()
  await page.goto(url)
  await page.getByRole('heading', { name: 'All is well.' }).waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()

  world.nowMs += 60_000
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill('not the password')
  await page.keyboard.press('Enter')
  await page.getByText('Name or password is wrong.').waitFor()
  world.nowMs += 60_000
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'All is well.' }).waitFor()
  const refused = complaints.filter((text) => /Content Security|Refused to|EvalError/.test(text))
  assert.deepEqual(refused, [])
  await tab.close()
})

test('who guesses too often is told to wait', async (context) => {
  const world = await openWorld(context)
  await world.be('admin')
  const { page, context: tab } = await openPage(browser, 'desktop', 'light')
  await page.goto(`https://127.0.0.1:${world.port}/`)
  await page.getByLabel('Name').fill('admin')
  const wrong = page.getByText('Name or password is wrong.')
  const wait = page.getByText('Too many tries.')
  for (let guess = 0; guess < 20 && !(await wait.isVisible()); guess++) {
    await page.getByLabel('Password').fill(`wrong password ${guess}`)
    await page.keyboard.press('Enter')
    await wrong.or(wait).first().waitFor()
    await page.locator('button[aria-busy=false][type=submit]').waitFor()
  }
  await wait.waitFor()
  await tab.close()
})
