/**
 * The pages in a real browser, against a fake box: what axe finds of WCAG 2.2 AA, what the content policy keeps out, whether all
 * fits a phone, and what can be done by keyboard alone.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { looks, violationsOf } from './axe.ts'
import { openBrowser, openPage, type Width } from './browser.ts'
import { statusOf } from './canned/site.ts'
import { type FakeBox, openFakeBox } from './fake-box.ts'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

/** Once it is this page, and all of it is there. */
async function look(page: Page, where: string, title?: string): Promise<void> {
  const heading = page.locator('main h1')
  await (title === undefined ? heading : heading.getByText(title, { exact: true }))
    .first()
    .waitFor()
  await page.locator('main :is(.loading, [aria-busy=true])').first().waitFor({ state: 'detached' })
  assert.deepEqual(await violationsOf(page), [], where)
  const tooWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
  assert.equal(tooWide, false, `${where} is wider than the window`)
}

/** All that the navigation leads to. */
async function routesOf(page: Page): Promise<(readonly [route: string, title: string])[]> {
  const links = page.locator('.rail .nav-link')
  await links.first().waitFor({ state: 'attached' })
  return links.evaluateAll((all) =>
    all.map((link) => [link.getAttribute('href') ?? '', link.textContent ?? ''] as const),
  )
}

const more = [
  ['#/peers/lisbon', 'lisbon'],
  ['#/peers/nobody', 'nobody'],
  ['#/uplinks/lte0', 'Uplinks'],
  ['#/nowhere', 'There is no such page'],
] as const
/** The heading of the first page says how the site is. */
const wornTitle = 'Uplink wan0 (enp1s0) is down.'

for (const [width, scheme] of looks) {
  test(`no page has a violation: ${width}, ${scheme}`, async () => {
    await using box = await openFakeBox({ site: 'worn' })
    const { page, context, complaints } = await openPage(browser, width, scheme)
    await page.goto(box.url)
    for (const [route, title] of [...(await routesOf(page)), ...more]) {
      await page.goto(`${box.url}${route}`)
      await look(page, route, title === 'Overview' ? wornTitle : title)
    }
    assert.deepEqual(
      complaints.filter((text) => !/404|503/.test(text)),
      [],
    )
    await context.close()
  })

  test(`nor has what stands before the pages: ${width}, ${scheme}`, async () => {
    await using box = await openFakeBox({ role: null, isFirst: true, site: 'blank' })
    const { page, context, complaints } = await openPage(browser, width, scheme)
    await page.goto(box.url)
    await look(page, 'password')
    box.scene = { ...box.scene, role: 'admin', isFirst: false }
    for (const step of ['owner', 'internet', 'done']) {
      await page.goto(`${box.url}#/set-up/${step}`)
      await page.reload()
      await look(page, step)
    }
    box.scene = { ...box.scene, role: null }
    await page.reload()
    await look(page, 'sign-in')
    assert.deepEqual(complaints, [])
    await context.close()
  })
}

async function opened(box: FakeBox, width: Width = 'desktop') {
  const { page, context } = await openPage(browser, width, 'light')
  await page.goto(box.url)
  await page.locator('h1').first().waitFor()
  return { page, context }
}

test('a cut uplink is said at the top at once, and so is its return', async () => {
  await using box = await openFakeBox()
  const { page, context } = await opened(box)
  await page.getByRole('heading', { level: 1, name: 'All is well.' }).waitFor()
  const to = async (site: 'cut' | 'well', heading: string): Promise<void> => {
    box.scene = { ...box.scene, site }
    const { isHealthy, problems } = statusOf({ site })
    box.tell({ kind: 'uplink', uplink: 'wan0', isUp: site === 'well' })
    box.tell({ kind: 'health', isHealthy, problems })
    await page.getByRole('heading', { level: 1, name: heading }).waitFor()
  }
  await to('cut', 'Uplink wan0 (enp1s0) is down.')
  await page.getByRole('link', { name: 'wan0 no carrier' }).waitFor()
  await page.getByText('Traffic goes on by lte0').waitFor()
  await to('well', 'All is well.')
  await context.close()
})

test('a box that goes is said to be gone, and one that comes back is followed again', async () => {
  const box = await openFakeBox()
  const { page, context } = await opened(box)
  await page.getByRole('heading', { name: 'All is well.' }).waitFor()
  const port = Number(new URL(box.url).port)
  await box[Symbol.asyncDispose]()
  await page.getByText('The box does not answer.').waitFor()
  await using _ = await openFakeBox({}, port)
  await page.getByText('The box does not answer.').waitFor({ state: 'detached' })
  await context.close()
})

test('somebody signs in by keyboard, and out', async () => {
  await using box = await openFakeBox({ role: null })
  const { page, context } = await opened(box)
  await page.keyboard.press('Tab')
  await page.keyboard.type('anna')
  await page.keyboard.press('Tab')
  await page.keyboard.type('wrong')
  await page.keyboard.press('Enter')
  await page.getByText('Name or password is wrong.').waitFor()
  await page.getByLabel('Password').fill('correct horse battery')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'All is well.' }).waitFor()
  await page.getByRole('button', { name: 'Sign out' }).press('Enter')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await context.close()
})

test('the keyboard goes past the navigation, through tabs, and into a page that was followed', async () => {
  await using box = await openFakeBox()
  const { page, context } = await opened(box)
  const focused = (): Promise<unknown> =>
    page.evaluate(
      'document.activeElement.matches("main") ? "main" : document.activeElement.textContent',
    )
  await page.keyboard.press('Tab')
  assert.equal(await focused(), 'Skip to the page')
  await page.keyboard.press('Enter')
  assert.equal(await focused(), 'main')
  await page.locator('.rail').getByRole('link', { name: 'Uplinks' }).press('Enter')
  await page.getByRole('tab', { name: 'wan0' }).waitFor()
  assert.equal(await focused(), 'main')
  await page.getByRole('tab', { name: 'wan0' }).press('ArrowRight')
  assert.equal(await focused(), 'lte0')
  await page.locator('.uplink-panel h2', { hasText: 'lte0' }).waitFor()
  await context.close()
})

test('the sheet of a phone has all pages, and closes by Escape and by a page', async () => {
  await using box = await openFakeBox()
  const { page, context } = await opened(box, 'phone')
  const sheet = page.getByRole('dialog', { name: 'All pages' })
  await page.getByRole('button', { name: 'More' }).click()
  assert.equal(await sheet.getByRole('link').count(), await page.locator('.rail .nav-link').count())
  await page.keyboard.press('Escape')
  await sheet.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'More' }).click()
  await sheet.getByRole('link', { name: 'Peers and paths' }).click()
  await sheet.waitFor({ state: 'hidden' })
  await page.getByRole('heading', { level: 1, name: 'Peers and paths' }).waitFor()
  await context.close()
})

test('who may only look is shown no page to do more, and told so on its address', async () => {
  await using box = await openFakeBox({ role: 'viewer', site: 'worn' })
  const { page, context } = await opened(box)
  await page.getByText('Revision 43 runs on trial.').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Keep it' }).count(), 0)
  assert.equal(await page.getByRole('link', { name: 'Diagnostics' }).count(), 0)
  await page.goto(`${box.url}#/diagnostics`)
  await page.getByRole('heading', { level: 2, name: 'This page is not for your role' }).waitFor()
  await context.close()
})

test('the first run leads from a password to the overview', async () => {
  await using box = await openFakeBox({ role: null, isFirst: true, site: 'blank' })
  const { page, context } = await opened(box)
  await page.getByLabel('Password').fill('short')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByText('7 more characters').waitFor()
  await page.getByLabel('Password').fill('correct horse battery')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Whose is this box?' }).waitFor()
  await page.getByText('K7QM-2RXD').waitFor()
  await page.getByRole('button', { name: 'It is run from these pages' }).click()
  box.scene = { ...box.scene, site: 'well' }
  box.tell({ kind: 'status', status: box.status() })
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByText('most likely a sign-in page').waitFor()
  await page.getByRole('button', { name: 'Change how it is connected' }).click()
  await page.getByLabel('Address', { exact: true }).selectOption('fixed')
  await page.getByRole('button', { name: 'Use it' }).click()
  await page.getByText('An address with its prefix length').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('heading', { name: 'That is all.' }).waitFor()
  await page.getByRole('button', { name: 'To the overview' }).click()
  await page.getByRole('heading', { name: 'All is well.' }).waitFor()
  await context.close()
})

test('a blank box without an uplink is led to one that works, and by nothing else', async () => {
  await using box = await openFakeBox({ role: 'admin', site: 'blank' })
  const { page, context } = await openPage(browser, 'phone', 'light')
  await page.goto(`${box.url}#/config`)
  await page.goto(`${box.url}#/segments`)
  await page.getByRole('link', { name: 'Set it up' }).click()
  await page.getByLabel('NIC', { exact: true }).waitFor()
  assert.deepEqual(await violationsOf(page), [])
  assert.equal(await page.getByLabel('NIC', { exact: true }).inputValue(), 'netdev:enp3s0')
  await page.getByLabel('Name of this site').fill('berlin')
  await page.getByRole('button', { name: 'Use it' }).click()
  await page.getByRole('button', { name: 'Keep it' }).click()
  await page.getByRole('button', { name: 'Keep it' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Test again' }).click()
  await page.getByText('most likely a sign-in page').waitFor()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('heading', { name: 'That is all.' }).waitFor()
  await context.close()
})

test('who is asked by a controller answers first, and may go on without', async () => {
  await using box = await openFakeBox({ role: 'admin', site: 'blank' })
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.goto(`${box.url}#/set-up/owner`)
  const main = page.locator('.button.is-primary')
  await page.getByText('K7QM-2RXD').waitFor()
  assert.deepEqual(await main.allInnerTexts(), ['Yes, it is the right one'])
  await main.click()
  await page.getByText('Said so here.').waitFor()
  assert.deepEqual(await main.allInnerTexts(), ['Go on'])
  await context.close()
})

test('a remedy leads to its page, or says whom to ask', async () => {
  for (const role of ['admin', 'viewer'] as const) {
    await using box = await openFakeBox({ role })
    const { status } = box
    const problem = 'service dnsmasq does not stay up'
    box.status = () => ({ ...status(), isHealthy: false, health: problem, problems: [problem] })
    const { page, context } = await opened(box)
    const remedy = page.locator('.health-remedy')
    await remedy.getByText('Its log says why').waitFor()
    assert.equal(
      await remedy.getByRole('link', { name: 'Diagnostics' }).count(),
      role === 'admin' ? 1 : 0,
    )
    assert.equal(
      await remedy.getByText('ask whoever runs this box').count(),
      role === 'admin' ? 0 : 1,
    )
    await context.close()
  }
})

test('a scheme that was chosen stays', async () => {
  await using box = await openFakeBox()
  const { page, context } = await opened(box)
  const paper = (): Promise<unknown> =>
    page.evaluate('getComputedStyle(document.body).backgroundColor')
  const light = await paper()
  await page.locator('.rail').getByRole('button', { name: 'Dark' }).click()
  await page.locator('html[data-scheme=dark]').waitFor()
  const dark = await paper()
  assert.notEqual(dark, light)
  await page.reload()
  await page.locator('html[data-scheme=dark] h1').first().waitFor()
  assert.equal(await paper(), dark)
  await context.close()
})

test('who may change something and touches nothing for half an hour is signed out, a viewer is not', async () => {
  for (const role of ['admin', 'viewer'] as const) {
    await using box = await openFakeBox({ role })
    const { page, context } = await openPage(browser, 'desktop', 'light')
    await page.clock.install()
    await page.goto(box.url)
    await page.getByRole('heading', { name: 'All is well.' }).waitFor()
    await page.clock.fastForward(20 * 60_000)
    await page.keyboard.press('Shift')
    await page.clock.fastForward(20 * 60_000)
    await page.getByRole('heading', { name: 'All is well.' }).waitFor()
    await page.clock.fastForward(11 * 60_000)
    const heading = role === 'admin' ? 'Sign in' : 'All is well.'
    await page.getByRole('heading', { name: heading }).waitFor()
    assert.equal(box.scene.role, role === 'admin' ? null : 'viewer')
    await context.close()
  }
})
