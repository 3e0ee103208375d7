/**
 * The pages that change the configuration, in a browser, against a fake box: from an edit through its review to its being kept or taken
 * back; what each role may; and no violation of accessibility (axe-core) on any of them, their dialogs included.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { looks, violationsOf } from './axe.ts'
import { type ColourScheme, openBrowser, openPage, type Width } from './browser.ts'
import type { Scene } from './canned/canned.ts'
import { type FakeBox, openFakeBox } from './fake-box.ts'
import { button } from './steps.ts'

let browser: Browser

before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

interface Opened {
  readonly page: Page
  readonly complaints: string[]
  readonly box: FakeBox
}

interface Looked {
  readonly role?: Scene['role']
  readonly width?: Width
  readonly scheme?: ColourScheme
}

async function withPage(
  route: string,
  work: (opened: Opened) => Promise<void>,
  { role = 'admin', width = 'desktop', scheme = 'light' }: Looked = {},
): Promise<void> {
  await using box = await openFakeBox({ role })
  const { page, context, complaints } = await openPage(browser, width, scheme)
  try {
    await page.goto(`${box.url}#/${route}`)
    await page.locator('h1').first().waitFor()
    await work({ page, complaints, box })
    assert.deepEqual(complaints, [])
  } finally {
    await context.close()
  }
}

test('an edit is reviewed in words and in the text, applied on trial, and kept', async () => {
  await withPage('segments', async ({ page }) => {
    await button(page, 'Change office').click()
    await page.getByLabel('Internet breakout').uncheck()
    await page.getByLabel('Limit up').fill('20M')
    await button(page, 'Done').click()
    await page.getByText('2 changes are not applied yet.').waitFor()
    await page.reload()
    await button(page, 'Review').click()
    const told = page.locator('.told')
    await told.getByText('Segment office: Internet breakout').waitFor()
    await page.getByText('A controller sets this box up.').waitFor()
    assert.match((await told.textContent()) ?? '', /limitup 20M.*Internet breakoutyes → no/)
    await page.getByRole('tab', { name: 'In the text' }).click()
    const lines = await page.locator('.diff .is-new').allInnerTexts()
    assert.deepEqual(
      lines.map((line) => line.replaceAll(/\s+/g, ' ').trim().replace(/^\d+ /, '')),
      ['+ revision: 43', '+ limit: { up: 20M }'],
    )
    assert.deepEqual(await violationsOf(page), [])
    await button(page, 'Apply on trial').click()
    await page.getByText('Revision 43 runs on trial.').waitFor()
    assert.match((await page.getByRole('timer').textContent()) ?? '', /1[12]\d s left/)
    assert.equal(await button(page, 'Change office').count(), 0, 'one change at a time')
    await button(page, 'Keep it').click()
    await page.getByText('The change is kept.').waitFor()
    await button(page, 'Change office').waitFor()
    assert.equal(await page.locator('.draft-bar').count(), 0)
    await page.getByText('Limits: 20M up').waitFor()
  })
})

test('a change that nobody keeps is taken back: the page says why, and the changes are still there', async () => {
  await withPage('policies', async ({ page }) => {
    await button(page, 'Move updates up').click()
    await page.getByText('1 change is not applied yet.').waitFor()
    await button(page, 'Review').click()
    await page.getByText('Policy (order)').waitFor()
    await button(page, 'Apply on trial').click()
    await button(page, 'Take it back').click()
    await page.getByText('Revision 43 was taken back.').waitFor()
    await page.getByText('Your changes are still here').waitFor()
    await page.getByText('1 change is not applied yet.').waitFor()
    assert.deepEqual(await violationsOf(page), [])
    await button(page, 'Understood').click()
    await button(page, 'Discard').click()
    await page.locator('.draft-bar').waitFor({ state: 'detached' })
  })
})

test('what the box would refuse is told by its field, and goes nowhere', async () => {
  await withPage('lans', async ({ page }) => {
    await button(page, 'Change lan0').click()
    await page.getByLabel('Addresses of the box').fill('10.1.0.300/24')
    await page.getByText('Must be an address with its prefix length').waitFor()
    await button(page, 'Done').click()
    assert.equal(await page.getByRole('dialog').count(), 1)
    assert.deepEqual(await violationsOf(page), [])
    await button(page, 'Cancel').click()
    assert.equal(await page.locator('.draft-bar').count(), 0)
  })
})

test('what others use cannot be removed; what is renamed is renamed everywhere', async () => {
  await withPage('segments', async ({ page }) => {
    await button(page, 'Change office').click()
    await button(page, 'Remove').click()
    await page.getByText('It is still used:').waitFor()
    await page.getByLabel('Name').fill('staff')
    await button(page, 'Done').click()
    await button(page, 'Review').click()
    await page.getByText('LAN lan0: segment').waitFor()
    await button(page, 'Apply on trial').click()
    await page.getByText('Revision 43 runs on trial.').waitFor()
  })
})

test('the text tells problems by line, and one that ran before runs again', async () => {
  await withPage('config', async ({ page }) => {
    const area = page.getByLabel('The configuration (YAML)')
    const text = await area.inputValue()
    await area.fill(text.replace('vni: 200', 'vni: 100'))
    await page.getByText('1 problem').waitFor()
    await button(page, /^Line \d+$/).click()
    const chosen = await page.evaluate('getSelection().toString()')
    assert.match(String(chosen), /vni: 100/)
    await button(page, 'Start over').click()
    await page.getByText('No problems found.').waitFor()
    await page.getByRole('tab', { name: 'History' }).click()
    await button(page, 'Show revision 41').click()
    await page.locator('.diff .is-new', { hasText: 'vni: 310' }).waitFor()
    await button(page, 'Run it again').click()
    await page.getByText('Segment guests: VNI').waitFor()
    await button(page, 'Apply on trial').click()
    await page.getByText('Revision 43 runs on trial.').waitFor()
  })
})

test('who was denied is let in by a rule that begins with all that is known', async () => {
  await withPage('access', async ({ page }) => {
    await button(page, 'Allow this').click()
    assert.equal(await page.getByLabel('Only from').inputValue(), '10.1.0.22/32')
    assert.equal(await page.getByLabel('Ports').inputValue(), '554')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('1 change is not applied yet.').waitFor()
    await page.getByText('3. allow-office-cameras').waitFor()
  })
})

const forms: readonly [route: string, opener: string | RegExp][] = [
  ['segments', 'Add a segment'],
  ['lans', 'Add a LAN'],
  ['lans', 'Use as uplink'],
  ['lans', 'Change DNS'],
  ['lans', 'Change Recovery port'],
  ['policies', 'Change calls'],
  ['policies', 'Add an application'],
  ['qos', 'Change Shaping of wan0'],
  ['qos', 'Add a profile'],
  ['access', 'Add a rule'],
  ['uplinks', 'Add an uplink'],
  ['peers', 'Add a peer'],
]
for (const [route, opener] of forms) {
  test(`the form behind “${opener}” of ${route} is accessible, by keyboard too`, async () => {
    await withPage(
      route,
      async ({ page }) => {
        await button(page, opener).focus()
        await page.keyboard.press('Enter')
        await page.getByRole('dialog').waitFor()
        assert.deepEqual(await violationsOf(page), [])
        const width = await page.evaluate('document.documentElement.scrollWidth')
        assert.ok(Number(width) <= 390, `the page is ${width} px wide`)
        await page.keyboard.press('Escape')
        await page.getByRole('dialog').waitFor({ state: 'detached' })
      },
      { width: 'phone' },
    )
  })
}

const routes = ['segments', 'lans', 'policies', 'qos', 'access', 'config', 'config/history']
for (const [route, [width, scheme]] of routes.flatMap((one) =>
  looks.map((look) => [one, look] as const),
)) {
  test(`${route}, ${width}, ${scheme}: a viewer sees all and changes nothing; it is accessible`, async () => {
    await withPage(
      route,
      async ({ page }) => {
        await page.locator('.card, .text-edit').first().waitFor()
        const changing = page.getByRole('button', {
          name: /Add|Change|Move|Use as|Allow this|Review|Run|Start over/,
        })
        assert.deepEqual(await changing.allInnerTexts(), [])
        assert.deepEqual(await violationsOf(page), [])
      },
      { role: 'viewer', width, scheme },
    )
  })
}

test('on a phone the countdown stays in sight, and no dialog is wider than its screen', async () => {
  await withPage(
    'lans',
    async ({ page }) => {
      await button(page, 'Change cams').click()
      await page.getByLabel('Addresses of the box').fill('10.1.21.1/24')
      await button(page, 'Done').click()
      await button(page, 'Review').click()
      await page.getByRole('tab', { name: 'In the text' }).click()
      await page.locator('.diff').waitFor()
      const body = 'document.querySelector(".dialog-body")'
      assert.equal(await page.evaluate(`${body}.scrollWidth <= ${body}.clientWidth`), true)
      await button(page, 'Apply on trial').click()
      await page.getByRole('timer').waitFor()
      await page.evaluate('scrollTo(0, document.body.scrollHeight)')
      const box = await page.getByRole('timer').boundingBox()
      assert.ok(box !== null && box.y >= 0 && box.y < 400, JSON.stringify(box))
      assert.deepEqual(await violationsOf(page), [])
    },
    { width: 'phone' },
  )
})

test('a box that is lost while a change is on trial: the page says that it goes back by itself', async () => {
  await withPage('segments', async ({ page, complaints, box }) => {
    await button(page, 'Change office').click()
    await page.getByLabel('Limit up').fill('20M')
    await button(page, 'Done').click()
    await button(page, 'Review').click()
    await button(page, 'Apply on trial').click()
    await page.getByText('Revision 43 runs on trial.').waitFor()
    box.cut()
    await page.getByText('it goes back to the one before by itself').waitFor()
    assert.match((await page.getByRole('timer').textContent()) ?? '', /s left/)
    await page.getByText('The box does not answer.').waitFor({ state: 'detached' })
    // The browser says of each connection that it was lost.
    complaints.length = 0
  })
})

test('an application that was typed is taken, and one that is none is told of', async () => {
  await withPage('policies', async ({ page }) => {
    const typed = page.locator('dialog input[list]')
    await button(page, 'Add a policy').click()
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('games')
    await typed.fill('nonsense')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.locator('dialog .field-error').first().waitFor()
    await button(page, 'Remove nonsense').click()
    await typed.fill('rsync')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.locator('.rule', { hasText: 'games' }).getByText('rsync').waitFor()
  })
})

test('whoever moves an entry by keyboard moves it on, and hears where it is', async () => {
  await withPage('policies', async ({ page }) => {
    const focused = () => page.evaluate('document.activeElement.getAttribute("aria-label")')
    await button(page, 'Move updates up').focus()
    for (const _ of [1, 2, 3, 4, 5]) {
      if ((await focused()) !== 'Move updates up') break
      await page.keyboard.press('Enter')
      await page.getByText(/^updates is number \d of \d now\.$/).waitFor()
    }
    assert.equal(await focused(), 'Move updates down')
    await page.getByText(/^updates is number 1 of/).waitFor()
  })
})
