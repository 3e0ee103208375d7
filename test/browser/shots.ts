/**
 * `node test/browser/shots.ts [FOLDER] [PAGE …]`: pictures of pages of a fake box, desktop and phone, light and dark. A page is a route
 * (`uplinks`), with `@SITE` for another state of the site than `well` (`overview@cut`), and with `+` for what is pressed there first.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { colourSchemes, openBrowser, openPage, type Width, widths } from './browser.ts'
import type { Scene } from './canned/canned.ts'
import { openFakeBox } from './fake-box.ts'

const [folder = '.cache/shots', ...wanted] = process.argv.slice(2)
const all = [
  'overview',
  'overview@cut',
  'overview@worn',
  'uplinks',
  'peers',
  ...['segments', 'lans', 'policies', 'qos', 'access', 'config', 'config/history'],
  'peers/lisbon',
  ...['explain', 'reach', 'capture', 'flows', 'log', 'support'].map((tab) => `diagnostics/${tab}`),
  ...['status', 'time', 'certificates', 'users', 'audit', 'backup', 'firmware', 'restart'].map(
    (tab) => `system/${tab}`,
  ),
  'policies+Change calls',
  'policies+Move updates up+Review',
  'policies+Move updates up+Review+Apply on trial',
  'sign-in',
  'first-run@blank',
  ...['owner', 'internet', 'done'].map((step) => `set-up/${step}@blank`),
]

await mkdir(folder, { recursive: true })
const browser = await openBrowser()
for (const name of wanted.length > 0 ? wanted : all) {
  const [place = '', ...pressed] = name.split('+')
  const [route = '', site = 'well'] = place.split('@')
  const isOut = route === 'sign-in' || route === 'first-run'
  for (const width of Object.keys(widths) as Width[]) {
    for (const scheme of colourSchemes) {
      await using box = await openFakeBox({
        site: site as Scene['site'],
        role: isOut ? null : 'admin',
        isFirst: route === 'first-run',
      })
      const { page, context, complaints } = await openPage(browser, width, scheme)
      await page.goto(`${box.url}#/${isOut || route === 'overview' ? '' : route}`)
      await page.locator('h1').first().waitFor()
      for (const press of pressed) await page.getByRole('button', { name: press }).first().click()
      // Charts and samples come a little later.
      await page.waitForTimeout(700)
      // As tall as the page: what stays at the window's edge is then at the page's.
      const height = await page.evaluate('document.documentElement.scrollHeight')
      await page.setViewportSize({ width: widths[width].width, height: Number(height) })
      const path = join(folder, `${name.replaceAll(/[/+ ]/g, '-')}-${width}-${scheme}.png`)
      await page.screenshot({ path })
      for (const complaint of complaints) console.error(`${name} ${width} ${scheme}: ${complaint}`)
      await context.close()
    }
  }
}
await browser.close()
