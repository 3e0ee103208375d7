/** Pictures of the pages of a real box, desktop and phone, light and dark, in `.cache/shots/web-ui`: to be looked at. */
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { colourSchemes, openPage, type Width, widths } from '../../browser/browser.ts'
import { hostAddress } from '../../lab/hosts.ts'
import { startPace } from '../../lab/pace.ts'
import type { Check, Line } from '../line.ts'
import { claim, noneOf } from './check.ts'
import { uiRoutes } from './pages.ts'
import { desk, openScene, peer, type Scene, signIn } from './scene.ts'

const folder = join(import.meta.dirname, '../../../.cache/shots/web-ui')
/** Charts have something to show by then. */
const trafficMs = 20_000
const settleMs = 700
const leastBytes = 8_000

export const screenshots: Line = {
  name: 'screenshots',
  title:
    'pictures of each page of a real box, desktop and phone, light and dark: .cache/shots/web-ui',
  isFullOnly: true,
  faults: { 'signed-out': 'pictures of pages' },
  measure: async ({ fault }) => {
    await using scene = await openScene({
      policies: [{ name: 'calls', for: { applications: ['voice'] }, latencyMs: 150 }],
    })
    const { lab } = scene
    const pace = { ratePps: 500, bytes: 1_000 }
    await using _ = await startPace(lab, desk, `${peer}-host`, hostAddress(lab, peer), pace)
    await using watching = await openPage(scene.browser, 'desktop', 'light').then(
      ({ context }) => context,
    )
    await signIn(watching.pages()[0]!, scene.url, 'viewer')
    await new Promise((passed) => setTimeout(passed, fault === undefined ? trafficMs : 0))
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    return await taken(scene, fault)
  },
}

async function taken({ browser, url }: Scene, fault: string | undefined): Promise<Check[]> {
  const files: string[] = []
  const complaints: string[] = []
  for (const width of Object.keys(widths) as Width[]) {
    for (const scheme of colourSchemes) {
      const { page, context, complaints: told } = await openPage(browser, width, scheme)
      await page.goto(url)
      if (fault !== 'signed-out') await signIn(page, url, 'admin')
      for (const route of uiRoutes) {
        await page.goto(`${url}#/${route}`)
        await page.locator('h1').first().waitFor()
        if (await page.getByRole('heading', { name: 'Sign in' }).isVisible()) continue
        await page.waitForTimeout(settleMs)
        // As tall as the page: what stays at the window's edge is then at the page's.
        const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
        await page.setViewportSize({ width: widths[width].width, height })
        const path = join(
          folder,
          `${(route || 'overview').replaceAll('/', '-')}-${width}-${scheme}.png`,
        )
        await page.screenshot({ path })
        await page.setViewportSize(widths[width])
        files.push(path)
      }
      complaints.push(...told.filter((text) => !/status of (401|404|503)/.test(text)))
      await context.close()
    }
  }
  const wanted = uiRoutes.length * Object.keys(widths).length * colourSchemes.length
  const empty = files.filter((file) => statSync(file).size < leastBytes)
  return [
    claim(
      'pictures of pages',
      files.length === wanted,
      `${files.length} in ${folder}`,
      `${wanted}`,
    ),
    noneOf('pictures with nothing in them', empty, String(files.length)),
    noneOf('complaints of the browser', complaints, `${wanted} pages`),
  ]
}
