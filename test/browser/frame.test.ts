/** The frame in a browser: where a page begins, what its tab is called, and that nothing with the keyboard lies behind a bar. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { openBrowser, openPage } from './browser.ts'
import { openFakeBox } from './fake-box.ts'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

test('the page of a peer begins at its top, with the focus and its name; a tab does neither', async () => {
  await using box = await openFakeBox()
  const { page, context } = await openPage(browser, 'phone', 'light')
  await page.goto(`${box.url}#/peers`)
  const link = page.getByRole('link', { name: 'porto' })
  await link.scrollIntoViewIfNeeded()
  await page.evaluate('scrollTo(0, 400)')
  await link.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'porto' }).waitFor()
  await page.locator('main:focus').waitFor()
  assert.equal(await page.evaluate('scrollY'), 0)
  assert.equal(await page.title(), 'porto · Peers and paths · Causeway')
  await page.goto(`${box.url}#/uplinks`)
  await page.getByRole('tab', { name: 'wan0' }).press('ArrowRight')
  await page.locator('.uplink-panel h2', { hasText: 'lte0' }).waitFor()
  assert.equal(await page.title(), 'Uplinks · Causeway')
  assert.equal(await page.locator('[role=tab]:focus').count(), 1)
  await context.close()
})

/** Which bar lies on what has the focus, at its middle or at one of its edges. */
const hidden = `(() => {
  const held = document.activeElement
  if (held.matches('body, main')) return []
  const { left, width, top, bottom } = held.getBoundingClientRect()
  const seen = [top + 3, (top + bottom) / 2, bottom - 3].map(
    (y) => document.elementFromPoint(left + width / 2, y)?.closest('.draft-bar, .bar, .banners'))
  return seen.flatMap((bar) => bar && !bar.contains(held)
    ? [bar.className + ' hides ' + (held.ariaLabel ?? held.textContent.slice(0, 60))] : [])
})()`

async function tabThrough(page: Page, key: 'Tab' | 'Shift+Tab'): Promise<void> {
  for (let press = 0; press < 40; press++) {
    await page.keyboard.press(key)
    assert.deepEqual(await page.evaluate(hidden), [], `${key} ${press}`)
  }
}

for (const width of ['desktop', 'phone'] as const) {
  test(`what has the keyboard is never behind a bar: ${width}`, async () => {
    await using box = await openFakeBox()
    const { page, context } = await openPage(browser, width, 'light')
    if (width === 'desktop') await page.setViewportSize({ width: 1280, height: 500 })
    await page.goto(`${box.url}#/policies`)
    await page.getByRole('button', { name: 'Move updates up' }).click()
    await page.locator('.draft-bar').waitFor()
    await page.locator('main').focus()
    await tabThrough(page, 'Tab')
    await tabThrough(page, 'Shift+Tab')
    await page.getByRole('button', { name: 'Review' }).click()
    await page.getByRole('button', { name: 'Apply on trial' }).click()
    await page.locator('.banners .countdown').waitFor()
    await page.goto(`${box.url}#/peers/lisbon`)
    await page.getByRole('heading', { level: 1, name: 'lisbon' }).waitFor()
    await page.locator('.table-scroll, .table').first().waitFor()
    await page.evaluate('scrollTo(0, document.body.scrollHeight)')
    await page.locator('main').focus()
    await tabThrough(page, 'Shift+Tab')
    await tabThrough(page, 'Tab')
    await context.close()
  })
}

test('the ring of a countdown goes on from where it was, however often the status is read', async () => {
  await using box = await openFakeBox({ site: 'worn' })
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.goto(box.url)
  await page.getByRole('timer').getByText('94 s left').waitFor()
  const status = box.status()
  box.tell({
    kind: 'status',
    status: { ...status, pendingChange: { ...status.pendingChange!, remainingSeconds: 47 } },
  })
  await page
    .getByRole('timer')
    .getByText(/^4[67] s left/)
    .first()
    .waitFor()
  const ring = page.locator('.countdown circle').nth(1)
  const gone = Number(await ring.getAttribute('stroke-dashoffset'))
  const around = Number(await ring.getAttribute('stroke-dasharray'))
  assert.ok(gone / around > 0.45, `${gone} of ${around}`)
  await context.close()
})

test('pointing at a chart tells when that was', async () => {
  await using box = await openFakeBox()
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.goto(`${box.url}#/uplinks`)
  await page.locator('.chart .u-over').first().hover()
  const when = page.locator('.chart-title time').first()
  await when.waitFor()
  assert.match((await when.textContent()) ?? '', /\d\d:\d\d/)
  await context.close()
})

test('on a phone no figure is torn from its unit, and what can be done stands at the right', async () => {
  await using box = await openFakeBox()
  const { page, context } = await openPage(browser, 'phone', 'light')
  await page.goto(`${box.url}#/policies`)
  const edit = page.getByRole('button', { name: 'Change erp' })
  const [place, head] = [
    await edit.boundingBox(),
    await page.getByRole('rowheader', { name: 'erp' }).boundingBox(),
  ]
  assert.ok(place!.x > 300 && Math.abs(place!.y - head!.y) < 40, JSON.stringify([place, head]))
  await page.goto(`${box.url}#/uplinks`)
  const span = await page.getByRole('button', { name: '10 min' }).boundingBox()
  assert.ok(span!.height >= 44, JSON.stringify(span))
  await context.close()
})
