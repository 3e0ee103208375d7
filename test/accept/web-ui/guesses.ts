/**
 * A thousand guesses of a password from one host of the LAN, as many a second as the box's door lets knock: how many of them were looked
 * at; whether the owner gets in meanwhile from elsewhere, and later from that very host; and at the box's shell at once.
 */
import { setTimeout as passed } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { openBrowser, openPage } from '../../browser/browser.ts'
import type { Asker } from '../../lab/asker.ts'
import { causeway } from '../../lab/lab.ts'
import { type Check, fullTarget, type Line, mostIn } from '../line.ts'
import { claim, plain, seconds, textOf, within } from './check.ts'
import { moreDevices, openScene, password, peer, posted, type Scene, site } from './scene.ts'

const guesses = 1_000
/** Below what the door takes of a stranger: then it is the lock that answers, and not the door. */
const apartMs = { full: 52, quick: 3 } as const
/** Five for nothing, then after 1, 2, 4 … seconds. */
const mostTried = { full: 12, quick: 10 } as const
const ownerMs = 5_000
const laterMs = 90_000
const shellMs = 3_000
const hosts = 200

interface Tally {
  /** Looked at, and wrong. */
  tried: number
  refused: number
  /** Anything else: of these there may be none. */
  readonly others: string[]
}

export const guessing: Line = {
  name: 'guesses',
  title:
    '1,000 guesses from one host are locked out; the owner gets in from elsewhere, later from there, by the shell at once',
  isQuickBeside: true,
  faults: {
    'many-hosts': 'guesses that were looked at',
    'forgetful-owner': 'the owner, from another site',
    'another-name': 'the owner, at the shell',
    'no-words': 'the page tells',
  },
  measure: async ({ isQuick, fault }) => {
    const form = isQuick || fault !== undefined ? 'quick' : 'full'
    await using scene = await openScene()
    await using asker = await scene.asker()
    const from = fault === 'many-hosts' ? await moreDevices(scene, hosts) : []
    const guessed = guess(asker, form, from)
    await passed(500)
    const owner = await fromElsewhere(
      scene,
      fault === 'forgetful-owner' ? 'not it at all' : password,
    )
    const tally = await guessed
    // The door has had enough of that host, pages too; some are let in each second.
    await passed(2_000)
    const words = await toldByPage(scene, fault === 'no-words')
    const checks = [
      claim(
        'guesses that were looked at',
        tally.tried <= mostTried[form] && tally.others.length === 0,
        `${tally.tried} of ${guesses}; ${tally.refused} refused unread${tally.others.length === 0 ? '' : `; ${tally.others[0]}`}`,
        `≤ ${mostTried[form]}`,
      ),
      within('the owner, from another site meanwhile, in the browser', ownerMs, owner),
      words,
      await atShell(scene, fault === 'another-name' ? 'nobody' : 'admin', isQuick),
    ]
    if (form === 'full') checks.push(await laterFromThere(scene))
    return checks
  },
}

async function guess(
  { ask }: Asker,
  form: keyof typeof apartMs,
  from: readonly string[],
): Promise<Tally> {
  const tally: Tally = { tried: 0, refused: 0, others: [] }
  const waiting: Promise<void>[] = []
  for (let number = 0; number < guesses; number++) {
    const body = { name: 'admin', password: `correct horse battery ${number}` }
    const at = from.length === 0 ? {} : { from: from[number % from.length]! }
    const one = ask({ ...posted('/api/v1/sign-in', body), ...at }).then(({ status }) => {
      if (status === 401) tally.tried++
      else if (status === 429) tally.refused++
      else tally.others.push(`answered ${status}`)
    })
    waiting.push(one)
    await passed(from.length === 0 ? apartMs[form] : apartMs.full / 2)
  }
  await Promise.all(waiting)
  return tally
}

/** @returns until the pages show; null: they do not */
async function fromElsewhere({ lab, url }: Scene, typed: string): Promise<number | null> {
  await using browser = await openBrowser(lab.netns(`${peer}-host`))
  const { page } = await openPage(browser, 'desktop', 'light')
  await page.goto(url)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  const beganMs = performance.now()
  return (await tries(page, typed, ownerMs)) ? performance.now() - beganMs : null
}

async function tries(page: Page, typed: string, timeoutMs: number): Promise<boolean> {
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(typed)
  await page.keyboard.press('Enter')
  return page
    .locator('.rail .nav-link')
    .first()
    .waitFor({ state: 'attached', timeout: timeoutMs })
    .then(
      () => true,
      () => false,
    )
}

/** At the host that guessed. */
async function toldByPage({ browser, url }: Scene, isMute: boolean): Promise<Check> {
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.goto(url)
  let [words, said] = ['', '']
  // On a slow machine the wait is over by now: a wrong one more makes it longer.
  for (let count = 0; count < 4 && said === ''; count++) {
    if (!isMute) await tries(page, 'not this one either', 1_500)
    words = await textOf(page.locator('main'))
    ;[said = ''] = /Too many tries[^.]*\.[^.]*\./.exec(words) ?? []
  }
  await context.close()
  return claim('the page tells who sits at that host to wait', said !== '', `“${said || words}”`)
}

/** A forgotten password, too. */
async function atShell({ lab }: Scene, name: string, isQuick: boolean): Promise<Check> {
  const mostMs = mostIn(isQuick, shellMs)
  const argv = ['user', 'password', name, '--instance', lab.names.instance(site)]
  const beganMs = performance.now()
  const { code, stderr } = await lab.attempt(site, [causeway, ...argv], { input: `${password}\n` })
  const ms = performance.now() - beganMs
  return {
    ...{
      check: 'the owner, at the shell: a new password',
      target: `≤ ${seconds(mostMs)}${fullTarget(isQuick, `≤ ${seconds(shellMs)}`)}`,
    },
    figure: code === 0 ? seconds(ms) : plain(stderr),
    isOk: code === 0 && ms <= mostMs,
  }
}

/** As a person does who reads how long to wait. */
async function laterFromThere({ browser, url }: Scene): Promise<Check> {
  const { page, context } = await openPage(browser, 'desktop', 'light')
  await page.goto(url)
  const beganMs = performance.now()
  let isIn = false
  while (!isIn && performance.now() - beganMs < laterMs) {
    isIn = await tries(page, password, 3_000)
  }
  await context.close()
  const ms = performance.now() - beganMs
  return within('the owner, later, at the host that guessed', laterMs, isIn ? ms : null)
}
