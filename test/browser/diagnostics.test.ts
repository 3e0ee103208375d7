/**
 * The page about diagnostics in Chromium, over a fake box: each tab without violations (axe-core, WCAG 2.2 AA), on a desktop and a
 * phone, filled and with answers; by keyboard alone; and what it sends. Pictures in $CAUSEWAY_SHOTS, if that is set. Needs webui/out.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { looks, violationsOf } from './axe.ts'
import { openBrowser, openPage, widths } from './browser.ts'
import { type FakeBox, openFakeBox } from './fake-box.ts'

const shots = process.env.CAUSEWAY_SHOTS
let browser: Browser
let box: FakeBox

before(async () => {
  browser = await openBrowser()
  box = await openFakeBox()
})
after(async () => {
  await browser?.close()
  await box?.[Symbol.asyncDispose]()
})

/** Each tab, and what is done there so that all of it shows. */
const tabs: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  explain: async (page) => {
    await page.getByLabel('From address').fill('10.1.0.10')
    await page.getByLabel('To address').fill('10.0.0.5')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('heading', { name: 'How that is decided' }).waitFor()
  },
  'explain?from=10.1.0.22&to=10.1.20.4&toPort=554': async (page) => {
    await page.getByText('It does not pass.').waitFor()
    await page.getByText('More about it').click()
  },
  reach: async (page) => {
    await page.getByLabel('Address or name').fill('10.2.0.1')
    await page.getByRole('button', { name: 'Begin' }).click()
    await page.getByText('4 of 5 answered').waitFor()
  },
  'reach?test=link': async (page) => {
    await page.getByRole('button', { name: 'Begin' }).click()
    await page.getByText('Sign in with a device').waitFor()
    await page.getByText('HTTP 302').first().waitFor()
  },
  'reach?test=speed': async (page) => {
    await page.getByLabel('Peer', { exact: true }).selectOption('lisbon')
    await page.getByRole('button', { name: 'Begin' }).click()
    await page.getByText('one TCP transfer in segment office').waitFor()
    await page.getByText('12 TCP packets were sent again').waitFor()
  },
  capture: async (page) => {
    await page.getByText('1,204 packets').waitFor()
  },
  flows: (page) => page.getByText('142.250.74.68').waitFor(),
  log: (page) => page.getByText('connect ETIMEDOUT').waitFor(),
  support: (page) => page.getByRole('button', { name: 'Make and download' }).waitFor(),
}

for (const [width, scheme] of looks) {
  test(`each tab has no violation and fits: ${width}, ${scheme}`, async () => {
    for (const [tab, act] of Object.entries(tabs)) {
      const { page, context, complaints } = await openPage(browser, width, scheme)
      await page.goto(`${box.url}#/diagnostics/${tab}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await act(page)
      assert.deepEqual(await violationsOf(page), [], tab)
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      assert.ok(wide <= 0, `${tab} is ${wide} px too wide`)
      assert.deepEqual(complaints, [], tab)
      if (shots !== undefined) {
        const name = `${tab.replaceAll(/[?&=.]/g, '-').slice(0, 24)}-${width}-${scheme}.png`
        await page.screenshot({ path: join(shots, name), fullPage: true })
      }
      await context.close()
    }
  })
}

test('by keyboard alone: along the tabs, through a form, to its answer', async () => {
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.goto(`${box.url}#/diagnostics/explain`)
  await page.getByRole('tab', { name: 'Explain a flow' }).focus()
  await page.keyboard.press('ArrowRight')
  assert.match(page.url(), /#\/diagnostics\/reach$/)
  await page.keyboard.press('Home')
  assert.match(page.url(), /#\/diagnostics\/explain$/)
  await page.getByLabel('From address').focus()
  await page.keyboard.type('10.1.0.10')
  await page.keyboard.press('Tab')
  await page.keyboard.type('10.0.0.5')
  await page.keyboard.press('Enter')
  await page.getByRole('status').getByText('It passes.').waitFor()
  await context.close()
})

test('who wants no motion sees a button that becomes another in its colours at once', async () => {
  const { page, context } = await openPage(browser, 'desktop', 'light')
  // It runs until it is stopped.
  await page.route('**/api/v1/diagnose/runs/*', () => {})
  await page.goto(`${box.url}#/diagnostics/reach?test=link`)
  await page.getByRole('button', { name: 'Begin' }).click()
  const stop = page.getByRole('button', { name: 'Stop' })
  await stop.hover()
  await page.evaluate(`{
    const button = document.querySelector('.button:hover')
    const colour = () => getComputedStyle(button).backgroundColor
    new MutationObserver(async () => {
      const first = colour()
      await Promise.all(button.getAnimations().map(({ finished }) => finished))
      globalThis.shown = [first, colour()]
    }).observe(button, { attributes: true, attributeFilter: ['class'] })
  }`)
  await stop.click()
  await page.waitForFunction('globalThis.shown')
  const [first, last] = await page.evaluate<readonly string[]>('globalThis.shown')
  assert.equal(first, last)
  await context.close()
})

test('a recording begins with the fields that were filled in, and can be stopped', async () => {
  const { page, context } = await openPage(browser, 'desktop', 'light')
  const sent: unknown[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST')
      sent.push([new URL(request.url()).pathname, request.postDataJSON()])
  })
  await page.goto(`${box.url}#/diagnostics/capture`)
  await page.getByLabel('Where').selectOption('uplink wan0')
  await page.getByLabel('of this host').fill('10.1.0.10')
  await page.getByLabel('of this protocol').selectOption('icmp')
  await page.getByRole('button', { name: 'Record' }).click()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByText('2 lost').waitFor()
  assert.deepEqual(sent.slice(0, 1), [
    [
      '/api/v1/capture',
      { uplink: 'wan0', filter: { host: '10.1.0.10', protocol: 'icmp' }, seconds: 10 },
    ],
  ])
  await context.close()
})

test('a recording that does not stop says why', async () => {
  const { page, context } = await openPage(browser, 'desktop', 'light')
  const body = JSON.stringify({ code: 'API_INTERNAL', message: 'the disk is full' })
  await page.route('**/capture/*/stop', (route) => route.fulfill({ status: 500, body }))
  await page.goto(`${box.url}#/diagnostics/capture`)
  await page.getByRole('button', { name: 'Record' }).click()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByText('The disk is full.').waitFor()
  await context.close()
})

test('on a phone the chosen tab is in view', async () => {
  const { page, context } = await openPage(browser, 'phone', 'light')
  await page.goto(`${box.url}#/diagnostics/support`)
  await page.getByRole('button', { name: 'Make and download' }).waitFor()
  const place = await page.getByRole('tab', { name: 'Support' }).boundingBox()
  assert.ok(place!.x >= 0 && place!.x + place!.width <= widths.phone.width, JSON.stringify(place))
  await context.close()
})

test('who may not see the log or whole packets is not offered them', async () => {
  await using operated = await openFakeBox({ role: 'operator' })
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.goto(`${operated.url}#/diagnostics/capture`)
  await page.getByText('Payloads are cut off').waitFor()
  assert.equal(await page.getByLabel('With payloads').count(), 0)
  await context.close()
})

test('a test whose page is left before the box has said that it runs is stopped', async () => {
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.goto(`${box.url}#/diagnostics/reach`)
  await page.getByLabel('Address or name').fill('10.2.0.1')
  const { promise: isLeft, resolve: leave } = Promise.withResolvers<void>()
  await page.route('**/api/v1/diagnose/ping', async (route) => {
    await isLeft
    await route.continue()
  })
  const begun = page.waitForRequest('**/api/v1/diagnose/ping')
  await page.getByRole('button', { name: 'Begin' }).click()
  await begun
  await page.getByRole('tab', { name: 'Capture' }).click()
  await page.getByText('1,204 packets').waitFor()
  const stopped = page.waitForRequest('**/api/v1/diagnose/runs/*/stop')
  leave()
  await stopped
  await context.close()
})

test('what the box has places for is asked once by a page', async () => {
  const { page, context } = await openPage(browser, 'desktop', 'light')
  let count = 0
  page.on('request', (request) => {
    if (request.url().endsWith('/diagnose/places')) count++
  })
  await page.goto(`${box.url}#/diagnostics/reach?test=mtu`)
  await page.getByLabel('To peer').or(page.getByLabel('From')).first().waitFor()
  await page.waitForLoadState('networkidle')
  assert.equal(count, 1)
  await context.close()
})
