/**
 * What a page does when it does not hear the box, or hears that somebody else is signed in: it takes nothing old for new, keeps what was
 * typed, and says what it does not know. In a browser, against a fake box.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as passed } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { violationsOf } from './axe.ts'
import { openBrowser, openPage } from './browser.ts'
import type { Scene } from './canned/canned.ts'
import { sampleOf } from './canned/history.ts'
import { type FakeBox, openFakeBox } from './fake-box.ts'
import { button, heading, limitOffice } from './steps.ts'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

async function withPage(
  route: string,
  work: (page: Page, box: FakeBox) => Promise<void>,
  scene: Partial<Scene> = {},
): Promise<void> {
  await using box = await openFakeBox(scene)
  const { page, context } = await openPage(browser, 'desktop', 'light')
  try {
    await page.goto(`${box.url}#/${route}`)
    await page.locator('h1').first().waitFor()
    await work(page, box)
  } finally {
    await context.close()
  }
}

async function applyDraft(page: Page): Promise<void> {
  await button(page, 'Review').click()
  await button(page, 'Apply on trial').click()
  await page.getByText('Revision 43 runs on trial.').waitFor()
}

test('a box that says nothing more, though its connection stands, is not said to be well', async () => {
  await withPage('', async (page, box) => {
    await heading(page, 'All is well.').waitFor()
    box.isSilent = true
    await heading(page, 'Not known: nothing is heard of the box.').waitFor()
    await page.getByText('The box does not answer.').waitFor()
    assert.match(await page.title(), /^⚠/)
    box.isSilent = false
    await heading(page, 'All is well.').waitFor()
    assert.doesNotMatch(await page.title(), /^⚠/)
  })
})

test('what changed while nothing was heard is read once the box is heard again', async () => {
  await withPage('segments', async (page, box) => {
    await button(page, 'Change office').waitFor()
    const asked = ['/config', '/session'].map((path) =>
      page.waitForRequest((request) => request.url().endsWith(`/api/v1${path}`)),
    )
    box.cut()
    await Promise.all(asked)
  })
})

test('an answer shows though the same has been asked again meanwhile', async () => {
  await withPage('', async (page, box) => {
    await heading(page, 'All is well.').waitFor()
    const isNext = Promise.withResolvers<void>()
    // The second one is never answered.
    await page.route('**/api/v1/config', () => isNext.resolve())
    await page.route('**/api/v1/config', (route) => isNext.promise.then(() => route.continue()), {
      times: 1,
    })
    const asked = page.waitForRequest('**/api/v1/config')
    await page.goto(`${box.url}#/segments`)
    await asked
    box.tell({ kind: 'config', revision: 42, source: 'file' })
    await button(page, 'Change office').waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })
})

test('a box that lets nobody more follow it is not said to be gone', async () => {
  await withPage('', async (page, box) => {
    await heading(page, 'All is well.').waitFor()
    await page.route('**/api/v1/events', (route) =>
      route.fulfill({ status: 503, json: { code: 'API_BUSY', message: 'too many' } }),
    )
    box.cut()
    await page.getByText('Changes show late here just now.').waitFor()
    await heading(page, 'All is well.').waitFor()
    await page.unroute('**/api/v1/events')
    await page.getByText('Changes show late here just now.').waitFor({ state: 'detached' })
  })
})

interface InPage {
  readonly document: { readonly title: string }
  readonly sessionStorage: { readonly getItem: (key: string) => string | null }
}
/** Both run in the page. */
const isMarked = () => (globalThis as unknown as InPage).document.title.startsWith('⚠')
const hasNoDraft = () =>
  (globalThis as unknown as InPage).sessionStorage.getItem('causeway.draft') === null

test('a draft on trial is not forgotten for a status that is older than it', async () => {
  await withPage('segments', async (page, box) => {
    await limitOffice(page, '20M')
    await button(page, 'Review').click()
    const held = Promise.withResolvers<void>()
    await page.route('**/api/v1/status', (route) => held.promise.then(() => route.continue()))
    const applied = page.waitForResponse('**/api/v1/config/apply')
    await button(page, 'Apply on trial').click()
    await applied
    await page.waitForRequest('**/api/v1/status')
    box.tell({ kind: 'health', isHealthy: false, problems: ['uplink lte0 (wwan0) is down'] })
    await page.waitForFunction(isMarked)
    held.resolve()
    await button(page, 'Keep it').click()
    await page.waitForFunction(hasNoDraft)
  })
})

test('a change that was taken back while the page was away is explained', async () => {
  await withPage('segments', async (page, box) => {
    await limitOffice(page, '20M')
    await applyDraft(page)
    await page.route('**/api/v1/events', (route) => route.abort())
    box.cut()
    await page.getByText('The box does not answer.').waitFor()
    const headers = { 'x-causeway-csrf': 'f00d' }
    await page.request.post(`${box.url}api/v1/config/rollback`, { headers })
    await page.unroute('**/api/v1/events')
    await page.getByText('Revision 43 was taken back.').waitFor()
    await page.getByText('Somebody took it back.').waitFor()
    await page.getByText('1 change is not applied yet.').waitFor()
  })
})

test('one that was taken back while no page was open is explained to the next', async () => {
  await withPage('segments', async (page, box) => {
    await limitOffice(page, '20M')
    await applyDraft(page)
    await page.goto('about:blank')
    const headers = { 'x-causeway-csrf': 'f00d' }
    await page.request.post(`${box.url}api/v1/config/rollback`, { headers })
    await page.goto(`${box.url}#/segments`)
    await page.getByText('Revision 43 was taken back.').waitFor()
  })
})

test('a wrong password while signed in is said to be wrong, and nobody is signed out', async () => {
  await withPage('system/users', async (page) => {
    await page.getByLabel('Password of now').fill('wrong')
    await page.getByLabel('New password').fill('another horse battery')
    const looked = page.waitForResponse('**/api/v1/session')
    await button(page, 'Change it').click()
    await page.getByText('That is not your password.').waitFor()
    await looked
    await heading(page, 'System').waitFor()
    assert.equal(await page.getByLabel('New password').inputValue(), 'another horse battery')
  })
})

test('a session that the box has ended leads to the page for signing in', async () => {
  await withPage('segments', async (page, box) => {
    await button(page, 'Change office').waitFor()
    box.scene = { ...box.scene, role: null }
    box.cut()
    await heading(page, 'Sign in').waitFor()
  })
})

test('another role is noticed when the stream begins anew', async () => {
  await withPage('segments', async (page, box) => {
    await button(page, 'Change office').waitFor()
    box.scene = { ...box.scene, role: 'viewer', name: 'anna' }
    box.cut()
    await page.getByText('anna, viewer').first().waitFor()
    await button(page, 'Change office').waitFor({ state: 'detached' })
  })
})

test('after another tab has signed in, what is pressed here is done all the same', async () => {
  await withPage('segments', async (page, box) => {
    await limitOffice(page, '20M')
    box.scene = { ...box.scene, csrf: 'beef' }
    await applyDraft(page)
  })
})

test('and not in the name of somebody else', async () => {
  await withPage('segments', async (page, box) => {
    await limitOffice(page, '20M')
    await button(page, 'Review').click()
    await page.getByText('Segment office').first().waitFor()
    box.scene = { ...box.scene, csrf: 'beef', name: 'otto' }
    await button(page, 'Apply on trial').click()
    await page.getByText('otto, admin').first().waitFor()
    assert.equal(box.status().pendingChange, null)
  })
})

test('whoever signs out of a box that does not answer is told so, and is signed out when it does', async () => {
  await withPage('', async (page, box) => {
    await heading(page, 'All is well.').waitFor()
    await page.route('**/api/v1/sign-out', (route) => route.abort())
    await button(page, 'Sign out').click()
    await heading(page, 'You are still signed in at the box').waitFor()
    assert.equal(box.scene.role, 'admin')
    assert.deepEqual(await violationsOf(page), [])
    await page.unroute('**/api/v1/sign-out')
    await page.reload()
    await heading(page, 'Sign in').waitFor()
    assert.equal(box.scene.role, null)
  })
})

test('the last minutes are read again after a gap, when the clock goes back, and when they were not to be had', async () => {
  await using box = await openFakeBox()
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.clock.install()
  const isAsked = () => page.waitForRequest('**/history/uplinks/lte0/minutes')
  await page.route('**/history/uplinks/lte0/minutes', (route) => route.abort())
  const first = page.waitForEvent('requestfailed')
  await page.goto(box.url)
  await first
  await page.unroute('**/history/uplinks/lte0/minutes')
  const sample = (backSeconds: number): void =>
    box.tell(sampleOf(box.status(), Math.floor(Date.now() / 1000) - backSeconds))
  const steps: readonly (() => unknown)[] = [
    // The stream is never silent for long meanwhile: that would be a gap.
    () => Promise.all([sample(0), page.clock.fastForward(1_000)]),
    () => [0, 7_200].map(sample),
    () => box.cut(),
  ]
  for (const step of steps) {
    let isHere = false
    const again = isAsked().finally(() => {
      isHere = true
    })
    // What it does in turn, and when it listens, it has not said.
    for (; !isHere; await passed(200)) await step()
    await (await again).response()
  }
  await context.close()
})

test('before the half hour is over somebody is asked, and any key keeps the session', async () => {
  await using box = await openFakeBox()
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.clock.install()
  await page.goto(box.url)
  await heading(page, 'All is well.').waitFor()
  const dialog = page.getByRole('dialog', { name: 'Are you still there?' })
  await page.clock.fastForward(29 * 60_000 + 10_000)
  await dialog.waitFor()
  assert.match((await dialog.getByRole('timer').textContent()) ?? '', /^[45]\d s left/)
  assert.deepEqual(await violationsOf(page), [])
  await page.keyboard.press('Shift')
  await dialog.waitFor({ state: 'hidden' })
  await page.clock.fastForward(20 * 60_000)
  await heading(page, 'All is well.').waitFor()
  // Another tab is used.
  const touched = 'localStorage.setItem("causeway.touched", String(Date.now()))'
  await page.evaluate(touched)
  await page.clock.fastForward(20 * 60_000)
  await heading(page, 'All is well.').waitFor()
  await page.clock.fastForward(11 * 60_000)
  await heading(page, 'Sign in').waitFor()
  await page.getByText('nobody touched the page for half an hour').waitFor()
  await context.close()
})

test('an uplink’s change that the box does not answer may be in place, and the first run says so', async () => {
  await withPage('set-up/internet', async (page) => {
    await page.route('**/api/v1/config/apply', (route) => route.abort())
    await button(page, 'Change how it is connected').click()
    await button(page, 'Use it').click()
    await page.getByText('The box has not answered.').waitFor()
    await button(page, 'Use it').waitFor({ state: 'detached' })
  })
})
