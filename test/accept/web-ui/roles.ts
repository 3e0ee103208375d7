/**
 * What each role may do of a real box: every route of the table by HTTPS, and what its pages show and ask. Questions that change
 * something bear what no route takes: who is let in is told that, and nothing is changed.
 */
import type { Page } from 'playwright-core'
import { isAllowed, type LocalRole, localRoles } from '../../../firmware/model/local-user.ts'
import { openPage } from '../../browser/browser.ts'
import type { Check, Line } from '../line.ts'
import { claim, noneOf } from './check.ts'
import { uiRoutes } from './pages.ts'
import { askPatiently, knockOn, pagesTable, refusalOf, routes, titleOf } from './route-table.ts'
import { openScene, openSession, runningConfig, type Scene, said, signIn } from './scene.ts'

/** The first run is none of the table. */
const routesOfUi = uiRoutes.filter((path) => !/^(set-up|nowhere)/.test(path))
/** The pages themselves, and where roles differ below them. */
const quickRoutes = routesOfUi.filter((path) => /^[^/]*$|^system\/(users|restart)$/.test(path))
/** Of buttons that change the box or its configuration. */
const changing =
  /^(Add|Change(?! it)|Remove|Move|Set |Make a token|Role|Restart|Reset|Install|Restore|Start anew|Run it again|End)/
/** What a role may press of them: operators start the box anew. */
const mayPress: Readonly<Record<LocalRole, RegExp>> = {
  viewer: /^$/,
  operator: /^(Restart|Start)/,
  admin: /./,
}
const refusedByDoor = new Set(['401', '403', '421'])

export const roles: Line = {
  name: 'roles',
  title: 'each role sees and can do what it may, and nothing else: every route, every page',
  isQuickBeside: true,
  faults: {
    promoted: 'API: ',
    'promoted-page': 'pages: no button',
    'asks-too-much': 'pages: none asks',
    'one-page-less': 'pages: in the navigation',
  },
  measure: async ({ isQuick, fault }) => {
    await using scene = await openScene()
    const before = await runningConfig(scene)
    if (fault?.startsWith('promoted') === true) await promote(scene)
    const isOfPages = fault !== undefined && fault !== 'promoted'
    const api = isOfPages ? [] : [await byApi(scene)]
    const pages = fault === 'promoted' ? [] : await byPages(scene, isQuick, fault)
    const after = await runningConfig(scene)
    const isSame = before.text === after.text && before.revision === after.revision
    return [
      ...api,
      ...pages,
      claim('nothing was changed by all that', isSame, isSame ? 'the same' : after.text),
    ]
  },
}

async function promote({ shell }: Scene): Promise<void> {
  await shell('/api/v1/users/viewer/role', { role: 'admin' })
}

async function byApi(scene: Scene): Promise<Check> {
  await using asker = await scene.asker()
  const wrong: string[] = []
  let asked = 0
  for (const role of [null, ...localRoles]) {
    const session = role === null ? null : await openSession(asker, role)
    for (const route of routes) {
      asked++
      const answer = said(await askPatiently(asker, knockOn(route, session)))
      const refusal = refusalOf(route, role)
      const [status = ''] = answer.split(' ')
      const isRight = refusal === null ? isIn(status, answer) : answer === refusal
      if (isRight) continue
      const wanted = refusal ?? 'to be let in'
      wrong.push(`${titleOf(route)} by ${role ?? 'a stranger'}: ${answer}, not ${wanted}`)
    }
  }
  const title = `API: ${routes.length} routes by a stranger and ${localRoles.length} roles: answered otherwise`
  return noneOf(title, wrong, String(asked))
}

/** A session without a body that fits is refused behind the door. */
function isIn(status: string, answer: string): boolean {
  return !refusedByDoor.has(status) && status !== '429' && !answer.startsWith('no answer')
}

interface Looked {
  readonly role: LocalRole
  readonly links: readonly string[]
  /** `#/segments: Add a segment` */
  readonly buttons: readonly string[]
  /** What the box refused of what the pages asked by themselves. */
  readonly refused: readonly string[]
  /** Pages that are not for the role, and are shown all the same. */
  readonly open: readonly string[]
}

async function byPages(
  scene: Scene,
  isQuick: boolean,
  fault: string | undefined,
): Promise<Check[]> {
  const looks: Looked[] = []
  for (const role of localRoles) looks.push(await look(scene, role, isQuick, fault))
  const table = pagesTable()
  const linkErrors = looks.flatMap(({ role, links }) => {
    const wanted = table
      .filter(({ needs }) => isAllowed(role, needs))
      .map(({ path }) => `#/${path}`)
    const isSame = wanted.length === links.length && wanted.every((one) => links.includes(one))
    return isSame ? [] : [`${role} sees ${links.join(' ')}, not ${wanted.join(' ')}`]
  })
  const admin = looks.find(({ role }) => role === 'admin')!
  const wrongButtons = looks.flatMap(({ role, buttons }) =>
    buttons
      .filter((one) => !mayPress[role].test(one.split(': ')[1] ?? ''))
      .map((one) => `${role} ${one}`),
  )
  const own = looks.map(({ role, buttons }) => `${role} ${buttons.length}`).join(', ')
  const isWhole = new Set(admin.buttons.map((one) => one.split(': ')[0])).size >= 6
  return [
    noneOf(
      'pages: in the navigation is what the role may see',
      linkErrors,
      `${looks.length} roles`,
    ),
    noneOf(
      'pages: shown though they are not for the role',
      looks.flatMap(({ role, open }) => open.map((one) => `${role} ${one}`)),
      `${looks.length} roles`,
    ),
    noneOf('pages: no button of changes that the role may not do', wrongButtons, own),
    claim(
      'pages: an admin has buttons of changes',
      isWhole,
      `${admin.buttons.length} on ${new Set(admin.buttons.map((one) => one.split(': ')[0])).size} pages`,
      'on 6 pages at least',
    ),
    noneOf(
      'pages: none asks for what its viewer may not have',
      looks.flatMap(({ role, refused }) => refused.map((one) => `${role} ${one}`)),
      `${(isQuick ? quickRoutes : routesOfUi).length} routes of the UI by ${looks.length} roles`,
    ),
  ]
}

async function look(
  { browser, url }: Scene,
  role: LocalRole,
  isQuick: boolean,
  fault: string | undefined,
): Promise<Looked> {
  const { page, context } = await openPage(browser, 'desktop', 'light')
  // One who has another's rights by now is still looked at as who they were.
  await signIn(page, url, role)
  const refused: string[] = []
  page.on('response', (response) => {
    if (response.status() === 403) refused.push(`${page.url()} asks ${response.url()}`)
  })
  const links = await page
    .locator('.rail .nav-link')
    .evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
  const buttons: string[] = []
  const open: string[] = []
  const table = pagesTable()
  for (const path of isQuick || fault !== undefined ? quickRoutes : routesOfUi) {
    const { needs } = table.find((entry) => entry.path === path.split('/')[0])!
    await settled(page, url, path)
    if (
      !isAllowed(role, needs) &&
      !(await page.getByText('not for your role').first().isVisible())
    ) {
      open.push(`#/${path}`)
    }
    for (const name of await changingButtons(page)) buttons.push(`#/${path}: ${name}`)
  }
  if (fault === 'asks-too-much') {
    await page.evaluate(
      `fetch('/api/v1/audit').then(() => fetch('/api/v1/setup-code', { method: 'POST' }))`,
    )
  }
  await context.close()
  return { role, links: fault === 'one-page-less' ? links.slice(1) : links, buttons, refused, open }
}

/** Loaded anew: nothing of another page is there that could be taken for it. */
async function settled(page: Page, url: string, path: string): Promise<void> {
  await page.goto(`${url}#/${path}`)
  await page.reload()
  await page.locator('main h1').first().waitFor()
  const busy = page.locator('main :is(.loading, [aria-busy=true])')
  await busy.first().waitFor({ state: 'detached' })
}

async function changingButtons(page: Page): Promise<string[]> {
  const names = await page
    .locator('main button')
    .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? one.textContent ?? ''))
  return names.map((name) => name.trim()).filter((name) => changing.test(name))
}
