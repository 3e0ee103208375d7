/**
 * Forms, dialogs and the draft in a browser, against a fake box: what was typed stays while others change the configuration, it is
 * written to the entry that was opened, a draft is its maker's, and the keyboard goes on where somebody was.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { violationsOf } from './axe.ts'
import { openBrowser, openPage } from './browser.ts'
import { type FakeBox, openFakeBox } from './fake-box.ts'
import { button, heading, limitOffice } from './steps.ts'

let browser: Browser

before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

async function withPage(route: string, work: (page: Page, box: FakeBox) => Promise<void>) {
  await using box = await openFakeBox()
  const { page, context, complaints } = await openPage(browser, 'desktop', 'light')
  try {
    await page.goto(`${box.url}#/${route}`)
    await work(page, box)
    assert.deepEqual(complaints, [])
  } finally {
    await context.close()
  }
}

/** What somebody else does at another page. */
async function ask({ url }: FakeBox, method: string, path: string, body = {}): Promise<unknown> {
  const sent = {
    headers: { 'content-type': 'application/json', 'x-causeway-csrf': 'f00d' },
    body: JSON.stringify(body),
  }
  const response = await fetch(`${url}api/v1${path}`, {
    ...{ method, ...(method === 'GET' ? {} : sent) },
  })
  assert.equal(response.status, 200, path)
  return response.json()
}

async function applyElsewhere(box: FakeBox, from: string | RegExp, to: string): Promise<void> {
  const { text } = (await ask(box, 'GET', '/config')) as { text: string }
  const changed = text.replace(from, to)
  assert.notEqual(changed, text)
  await ask(box, 'POST', '/config/apply', {
    ...{ text: changed.replace(/revision: 42/, 'revision: 43'), confirmSeconds: 120 },
  })
}

const up = (page: Page) => page.getByRole('dialog').getByRole('textbox', { name: /^Up/ })
const firstPolicy = / {2}- name: calls\n[\s\S]*?(?= {2}- name: business)/

test('a form stays while somebody else has a change on trial, and goes on once that is decided', async () => {
  await withPage('uplinks', async (page, box) => {
    await button(page, 'Change wan0').click()
    await up(page).fill('30M')
    await applyElsewhere(box, 'vni: 300', 'vni: 310')
    await page.getByRole('dialog').getByText('A change waits to be kept').waitFor()
    assert.equal(await up(page).inputValue(), '30M')
    assert.equal(await button(page, 'Done').isDisabled(), true)
    await ask(box, 'POST', '/config/rollback')
    await page.getByRole('dialog').getByText('A change waits').waitFor({ state: 'detached' })
    await button(page, 'Done').click()
    await page.getByText('1 change is not applied yet.').waitFor()
  })
})

test('what was opened is what is changed, though others have removed what stood before it', async () => {
  await withPage('policies', async (page, box) => {
    await button(page, 'Change updates').click()
    await page.getByLabel('Latency').fill('250')
    await applyElsewhere(box, firstPolicy, '')
    await ask(box, 'POST', '/config/confirm')
    await page.locator('.rule-name', { hasText: 'calls' }).waitFor({ state: 'detached' })
    assert.equal(await page.getByLabel('Latency').inputValue(), '250')
    await button(page, 'Done').click()
    await button(page, 'Review').click()
    await page.locator('.told').getByText('Policy updates').waitFor()
    assert.equal(await page.locator('.told li').count(), 1)
  })
})

test('what others removed is added again, and that is said before', async () => {
  await withPage('policies', async (page, box) => {
    await button(page, 'Change calls').click()
    await page.getByLabel('Latency').fill('250')
    await applyElsewhere(box, firstPolicy, '')
    await ask(box, 'POST', '/config/confirm')
    await page.getByRole('dialog').getByText('Somebody removed this meanwhile.').waitFor()
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.locator('.rule-name', { hasText: 'calls' }).waitFor()
  })
})

test('an uplink that the draft calls otherwise is said so', async () => {
  await withPage('uplinks', async (page) => {
    await button(page, 'Change wan0').click()
    await page.getByLabel('Name').fill('fibre')
    await button(page, 'Done').click()
    await button(page, 'Change wan0').click()
    await page.getByText('There is no wan0 in your draft').waitFor()
    assert.equal(await page.getByRole('dialog').count(), 0)
  })
})

/** What has the keyboard. */
function focused(page: Page): Promise<unknown> {
  return page.evaluate(
    `(({ ariaLabel, id, textContent, tagName }) => ariaLabel ?? (id || (tagName === 'BODY' ? 'BODY' : textContent)))(document.activeElement)`,
  )
}

test('the keyboard begins in the first field, and is where it was after each end of a form', async () => {
  await withPage('segments', async (page) => {
    const opener = button(page, 'Change office')
    const dialog = page.getByRole('dialog')
    const open = async (): Promise<void> => {
      await opener.focus()
      await page.keyboard.press('Enter')
      await dialog.waitFor()
      await dialog.locator('input:focus').waitFor()
      assert.equal(await page.evaluate('document.activeElement.labels[0].innerText.trim()'), 'Name')
    }
    await open()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await focused(page), 'Change office')
    for (const end of ['Cancel', 'Done'] as const) {
      await open()
      await dialog.getByRole('button', { name: end }).press('Enter')
      await dialog.waitFor({ state: 'detached' })
      assert.equal(await focused(page), 'Change office', end)
    }
  })
})

test('from a review the keyboard goes on at what is on trial, and from there on the page', async () => {
  await withPage('segments', async (page) => {
    await button(page, 'Change office').click()
    await page.getByLabel('Limit up').fill('20M')
    await button(page, 'Done').press('Enter')
    await button(page, 'Review').press('Enter')
    await button(page, 'Apply on trial').click()
    await page
      .locator('.banners .notice:focus', { hasText: 'Revision 43 runs on trial.' })
      .waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    assert.equal(await focused(page), 'Keep it')
    await page.keyboard.press('Enter')
    await page.locator('main:focus').waitFor()
  })
})

test('an entry that is removed takes no focus with it', async () => {
  await withPage('policies', async (page) => {
    await button(page, 'Change updates').press('Enter')
    await page.getByRole('button', { name: 'Remove', exact: true }).press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.locator('main:focus').waitFor()
  })
})

test('a draft that was discarded can be brought back', async () => {
  await withPage('segments', async (page) => {
    await limitOffice(page, '20M')
    await button(page, 'Discard').click()
    await page.locator('.draft-bar').waitFor({ state: 'detached' })
    await button(page, 'Undo').click()
    await page.getByText('1 change is not applied yet.').waitFor()
  })
})

test('a configuration that ran before takes the place of a draft only when that is said', async () => {
  await withPage('segments', async (page) => {
    await limitOffice(page, '23M')
    await page.goto(`${new URL(page.url()).origin}/#/config/history`)
    await button(page, 'Show revision 41').click()
    await button(page, 'Run it again').click()
    await heading(page, 'Configuration').waitFor()
    await page.getByText('You have 1 change that is not applied yet.').waitFor()
    assert.deepEqual(await violationsOf(page), [])
    await button(page, 'Keep mine').click()
    const kept = 'sessionStorage.getItem("causeway.draft").includes("23M")'
    assert.equal(await page.evaluate(kept), true)
    await button(page, 'Run it again').click()
    await button(page, 'Replace them').click()
    await page.getByText('Segment guests: VNI').waitFor()
  })
})

test('a draft is of who made it: another who signs in at the tab is offered none of it', async () => {
  await withPage('segments', async (page) => {
    const signIn = async (name: string): Promise<void> => {
      await button(page, 'Sign out').click()
      await page.getByLabel('Name').fill(name)
      await page.getByLabel('Password').fill('correct horse battery')
      await page.keyboard.press('Enter')
      await button(page, 'Change office').waitFor()
    }
    await limitOffice(page, '20M')
    await signIn('anna')
    await page.locator('.draft-bar').waitFor()
    await signIn('otto')
    assert.equal(await page.locator('.draft-bar').count(), 0)
    await signIn('anna')
    assert.equal(await page.locator('.draft-bar').count(), 0)
  })
})
