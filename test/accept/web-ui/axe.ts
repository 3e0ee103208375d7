/** axe-core on every page of a real box, in both colour schemes, on a desktop and on a phone: WCAG 2.2 AA and what is good practice. */
import type { Page } from 'playwright-core'
import { looks as quickLooks, violationsOf } from '../../browser/axe.ts'
import { colourSchemes, openPage, type Width, widths } from '../../browser/browser.ts'
import type { Check, Line } from '../line.ts'
import { claim, noneOf } from './check.ts'
import { isRouteOfAll, uiRoutes } from './pages.ts'
import { makeUsers, openScene, type Scene, signIn } from './scene.ts'

const looks = (Object.keys(widths) as Width[]).flatMap((width) =>
  colourSchemes.map((scheme) => [width, scheme] as const),
)
type Look = (typeof looks)[number]

export const axe: Line = {
  name: 'axe',
  title: 'axe-core finds nothing on any page: light and dark, desktop and phone',
  isQuickBeside: true,
  faults: { pale: 'axe: ', wide: 'wider', 'lost-page': 'pages' },
  measure: async ({ isQuick, fault }) => {
    await using scene = await openScene({}, { hasUsers: false })
    const notes: Notes = { violations: [], wide: [], complaints: [], seen: new Set(), count: 0 }
    const chosen = fault !== undefined ? looks.slice(0, 1) : isQuick ? quickLooks : looks
    for (const look of chosen) await atFirstPage(scene, notes, look)
    await makeUsers(scene)
    for (const [index, look] of chosen.entries()) {
      const routes = routesFor(index, isQuick, fault)
      await atPages(scene, notes, look, routes, fault)
    }
    return checksOf(notes, chosen.length)
  },
}

/** What was found so far, and where. */
interface Notes {
  readonly violations: string[]
  readonly wide: string[]
  readonly complaints: string[]
  readonly seen: Set<string>
  count: number
}

/** Of a box that has no users yet. */
async function atFirstPage(scene: Scene, notes: Notes, look: Look): Promise<void> {
  await using opened = await open(scene, notes, look)
  await opened.page.goto(scene.url)
  await opened.page.getByRole('heading', { name: 'Choose a password' }).waitFor()
  await lookAt(opened.page, notes, `first password, ${look.join(', ')}`)
}

/** In the short form each page has one of the looks. */
function routesFor(look: number, isQuick: boolean, fault: string | undefined): readonly string[] {
  if (fault !== undefined) return uiRoutes.slice(0, 3)
  const quick = uiRoutes.filter((route) => /^[^/]*$|^set-up/.test(route))
  return isQuick ? quick.filter((_, index) => index % 2 === look) : uiRoutes
}

async function atPages(
  scene: Scene,
  notes: Notes,
  look: Look,
  routes: readonly string[],
  fault: string | undefined,
): Promise<void> {
  const { url } = scene
  await using opened = await open(scene, notes, look)
  const { page } = opened
  const of = look.join(', ')
  await page.goto(url)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await lookAt(page, notes, `sign in, ${of}`)
  await signIn(page, url, 'admin')
  for (const route of routes) {
    await page.goto(`${url}#/${route}`)
    await shown(page)
    notes.seen.add(route)
    if (fault !== undefined) await page.evaluate(spoils[fault] ?? '0')
    await lookAt(page, notes, `#/${route}, ${of}`)
    await lookAtDialog(page, notes, `#/${route}, ${of}`)
  }
}

async function open(scene: Scene, notes: Notes, [width, scheme]: Look) {
  const { page, context, complaints } = await openPage(scene.browser, width, scheme)
  return {
    page,
    [Symbol.asyncDispose]: async () => {
      // That the box says no to something that is not there is no fault of the page.
      const told = complaints.filter((text) => !/status of (401|404|503)/.test(text))
      notes.complaints.push(...told.map((text) => `${width}, ${scheme}: ${text}`))
      await context.close()
    },
  }
}

async function lookAt(page: Page, notes: Notes, where: string): Promise<void> {
  notes.count++
  const violations = await violationsOf(page)
  notes.violations.push(...violations.map((violation) => `${where}: ${violation}`))
  const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
  if (isWide === true) notes.wide.push(where)
}

/** Of the first thing that can be added there. */
async function lookAtDialog(page: Page, notes: Notes, where: string): Promise<void> {
  const add = page.locator('main').getByRole('button', { name: /^(Add|Make a token)/ })
  if ((await add.count()) === 0) return
  await add.first().click()
  const dialog = page.locator('dialog[open]')
  await dialog.first().waitFor()
  await lookAt(page, notes, `${where}, its dialog`)
  await page.keyboard.press('Escape')
  await dialog.first().waitFor({ state: 'detached' })
}

function checksOf({ violations, wide, complaints, seen, count }: Notes, looked: number): Check[] {
  const of = `${count} looks in ${looked} of width and scheme`
  const isAll = isRouteOfAll([...seen])
  return [
    claim('pages of the navigation: looked at', isAll, `${seen.size} routes`, 'all'),
    noneOf('axe: violations of WCAG 2.2 AA and good practice', violations, of),
    noneOf('wider than the window', wide, of),
    noneOf('complaints of the browser: errors, warnings, content policy', complaints, of),
  ]
}

const spoils: Readonly<Record<string, string>> = {
  pale: "document.querySelector('h1').style.cssText = 'color: #bbb; background: #ccc'",
  wide: "document.querySelector('main').style.minWidth = '3000px'",
}

async function shown(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor()
  await page.locator('main .loading').first().waitFor({ state: 'detached' })
}
