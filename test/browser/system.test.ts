/** The System page in Chromium, against a box of canned answers: without a violation of axe, by keyboard, and what it asks first. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { looks, violationsOf } from './axe.ts'
import { type ColourScheme, openBrowser, openPage, type Width } from './browser.ts'
import type { Scene } from './canned/canned.ts'
import { type FakeBox, openFakeBox } from './fake-box.ts'

const tabs = [
  ...['status', 'time', 'certificates', 'users', 'audit', 'backup', 'firmware', 'restart'],
] as const
const passphrase = 'correct horse battery'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

interface Opened {
  readonly page: Page
  readonly box: FakeBox
  readonly complaints: string[]
}

async function withPage(
  path: string,
  scene: Partial<Scene>,
  look: { readonly width?: Width; readonly scheme?: ColourScheme },
  check: (opened: Opened) => Promise<void>,
): Promise<void> {
  await using box = await openFakeBox(scene)
  const { width = 'desktop', scheme = 'light' } = look
  const { page, context, complaints } = await openPage(browser, width, scheme)
  await page.goto(`${box.url}#/system/${path}`)
  await page.locator('.system-panel .card').first().waitFor()
  await check({ page, box, complaints })
  await context.close()
}

for (const [width, scheme] of looks) {
  const site = width === 'phone' ? 'worn' : 'well'
  test(`no section has a violation of axe, ${width}, ${scheme}`, async () => {
    for (const tab of tabs) {
      await withPage(tab, { site }, { width, scheme }, async ({ page, complaints }) => {
        assert.deepEqual(await violationsOf(page), [], tab)
        assert.deepEqual(complaints, [], tab)
        const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        assert.ok(Number(wide) <= 0, `${tab} is ${wide} px wider than a ${width}`)
      })
    }
  })
}

test('a slot that failed says why', async () => {
  await withPage('firmware', { site: 'cut' }, { width: 'phone' }, async ({ page, complaints }) => {
    const row = page.getByRole('row', { name: 'B' })
    await row.getByText('failed').waitFor()
    await row.getByText('it does not reach the controller, which was reached before').waitFor()
    assert.deepEqual(await violationsOf(page), [])
    const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    assert.ok(Number(wide) <= 0, `${wide} px too wide`)
    assert.deepEqual(complaints, [])
  })
})

test('each role sees the sections that it may', async () => {
  const all = ['Status', 'Time', 'Certificates', 'Users', 'Audit log', 'Backup', 'Firmware']
  const wanted = {
    viewer: ['Status', 'Time', 'Certificates', 'Users', 'Firmware'],
    operator: ['Status', 'Time', 'Certificates', 'Users', 'Firmware', 'Restart and reset'],
    admin: [...all, 'Restart and reset'],
  } as const
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    await withPage('', { role }, {}, async ({ page }) => {
      assert.deepEqual(await page.getByRole('tab').allTextContents(), wanted[role])
    })
  }
  await withPage('restart', { role: 'operator' }, {}, async ({ page }) => {
    assert.equal(await page.getByRole('button', { name: 'Reset the box' }).count(), 0)
  })
})

test('a reset asks for a word, by keyboard alone', async () => {
  await withPage('restart', {}, {}, async ({ page }) => {
    let resets = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/api/v1/reset')) resets++
    })
    await page.getByRole('button', { name: 'Reset the box' }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    assert.deepEqual(await violationsOf(page), [])
    await dialog.getByLabel('Type reset to go on').focus()
    await page.keyboard.type('rest')
    await page.keyboard.press('Enter')
    assert.equal(resets, 0)
    await page.keyboard.type('x')
    await page.keyboard.press('Backspace')
    await page.keyboard.press('Backspace')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    await page.locator('dialog h2').waitFor({ state: 'detached' })
    // Focus is back where it was.
    await page.keyboard.press('Enter')
    await dialog.getByLabel('Type reset to go on').fill('reset')
    const asked = page.waitForRequest('**/api/v1/reset')
    await page.keyboard.press('Enter')
    await asked
    await page.getByText('The box is blank now').waitFor()
  })
})

test('a backup is looked into before it is restored, and becoming another box asks for a word', async () => {
  await withPage('backup', {}, {}, async ({ page }) => {
    const file = { name: 'berlin.backup', mimeType: 'application/octet-stream' }
    await page.getByLabel('File').setInputFiles({ ...file, buffer: Buffer.from('CWBACKUP') })
    await page.getByLabel('Its passphrase').fill('another passphrase')
    await page.getByRole('button', { name: 'Look into it' }).click()
    await page.getByText('BACKUP_PASSPHRASE').waitFor()
    await page.getByLabel('Its passphrase').fill(passphrase)
    await page.getByRole('button', { name: 'Look into it' }).click()
    await page.getByText('anna (admin), otto (operator)').waitFor()
    assert.deepEqual(await violationsOf(page), [])
    await page.getByLabel('Become this box').check()
    await page.getByRole('button', { name: 'Become this box' }).click()
    const dialog = page.getByRole('dialog')
    const submit = dialog.getByRole('button', { name: 'Become this box' })
    assert.equal(await submit.isDisabled(), true)
    await dialog.getByLabel('Type berlin to go on').fill('berlin')
    const asked = page.waitForRequest('**/api/v1/backup/restore')
    await submit.click()
    const { withIdentity, file: sent } = (await asked).postDataJSON() as Record<string, unknown>
    assert.deepEqual([withIdentity, sent], [true, Buffer.from('CWBACKUP').toString('base64')])
    await page.getByText('The gateway begins anew. Its addresses').waitFor()
  })
})

test('a backup is saved under the name of the site', async () => {
  await withPage('backup', {}, {}, async ({ page }) => {
    await page.getByLabel('Passphrase', { exact: true }).fill(passphrase)
    await page.getByRole('button', { name: 'Make and save' }).click()
    await page.getByText('The two are not the same.').waitFor()
    await page.getByLabel('Passphrase once more').fill(passphrase)
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Make and save' }).click()
    assert.match((await saved).suggestedFilename(), /^causeway-berlin-\d{4}-\d\d-\d\d\.backup$/)
  })
})

test('a user is made and removed; why not is said in the dialog', async () => {
  await withPage('users', {}, {}, async ({ page }) => {
    await page.getByRole('button', { name: 'Add a user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Bad Name')
    await dialog.getByLabel('Password').fill(passphrase)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('Small letters, digits and hyphens, a letter').waitFor()
    await dialog.getByLabel('Name').fill('zoe')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('rowheader', { name: 'zoe' }).waitFor()
    await page.getByRole('button', { name: 'Remove of zoe' }).click()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('rowheader', { name: 'zoe' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Remove of anna' }).click()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await dialog.getByText('API_LAST_ADMIN').waitFor()
  })
})

test('a file that is too large for an update is told so', async () => {
  await using box = await openFakeBox({ site: 'worn' })
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.addInitScript("Object.defineProperty(Blob.prototype, 'size', { get: () => 1e12 })")
  await page.goto(`${box.url}#/system/firmware`)
  const file = { name: 'film.mp4', mimeType: 'video/mp4', buffer: Buffer.from('film') }
  await page.getByLabel('File of the update').setInputFiles(file)
  await page.getByText('No update is larger than').waitFor()
  await context.close()
})
