/** A WAN is cut while a page is open: how long until the page says so, in which words, and until it says that all is well again. */
import { setTimeout as passed } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { openPage } from '../../browser/browser.ts'
import { hostAddress } from '../../lab/hosts.ts'
import { startPace } from '../../lab/pace.ts'
import type { Check, Line } from '../line.ts'
import { claim, textOf, within } from './check.ts'
import { desk, openScene, peer, type Scene, signIn, site } from './scene.ts'

/** A machine that does much else is slow to show it. */
const saidMs = { full: 2_000, quick: 6_000 } as const
/** What was silent has to be heard again for a while before it is trusted. */
const backMs = { plug: 5_000, silent: 45_000 }
const waitMs = 10_000
const ratePps = 100

/** `plug`: the link has no carrier. `silent`: all that it is given is lost, without a word. */
type Kind = keyof typeof backMs
const names = ['wan0', 'wan1'] as const
/** Behind the emulated links, of the cables of the box. */
const plugs = { wan0: `${site}-box`, wan1: `${site}1-box` } as const

interface Cut {
  readonly kind: Kind
  readonly uplink: (typeof names)[number]
  /** Until the page said so; null: it did not. */
  readonly ms: number | null
  /** In that moment, and half a second later, with the uplink still gone. */
  readonly words: readonly string[]
  readonly backMs: number | null
}

export const uplinkCut: Line = {
  name: 'uplink-cut',
  title: 'a cut WAN is said by the open page within 2 s, in words, and so is its return',
  isQuickBeside: true,
  faults: {
    'deaf-page': 'plug pulled: said',
    'not-mended': 'plug pulled: back',
    wordless: 'words',
  },
  measure: async ({ isQuick, fault }) => {
    await using scene = await openScene()
    const { page } = await openPage(scene.browser, 'desktop', 'light')
    if (fault === 'deaf-page') await page.route('**/api/v1/events', (route) => route.abort())
    await signIn(page, scene.url, 'admin')
    await page.getByRole('heading', { level: 1, name: 'All is well.' }).waitFor()
    await page.evaluate(watching)
    const cuts: Cut[] = []
    const count = isQuick || fault !== undefined ? 2 : 10
    for (let turn = 0; turn < count; turn++) {
      const cut = await cutOnce(scene, page, 'plug', names[turn % 2]!, fault)
      cuts.push(cut)
      if (cut.backMs === null) break
    }
    if (fault === undefined) {
      // What carries something is watched closely: nobody waits for what nobody uses.
      const pace = { ratePps, bytes: 200 }
      await using _ = await startPace(
        scene.lab,
        desk,
        `${peer}-host`,
        hostAddress(scene.lab, peer),
        pace,
      )
      await passed(2_000)
      for (let turn = 0; turn < (isQuick ? 1 : 4); turn++) {
        cuts.push(await cutOnce(scene, page, 'silent', names[turn % 2]!, fault))
      }
    }
    return checksOf(cuts, isQuick ? 'quick' : 'full', fault)
  },
}

/** Notes what stands at the top of the page, and since when by the clock of the machine. */
const watching = `
  globalThis.noted = []
  const note = () => {
    const text = document.querySelector('.health')?.textContent ?? ''
    const words = document.querySelector('#health')?.textContent ?? ''
    if (text !== noted.at(-1)?.text) noted.push({ atMs: Date.now(), text, words })
  }
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true })
  note()`

interface Wanted {
  readonly sinceMs: number
  readonly isWell: boolean
}

interface Noted {
  readonly atMs: number
  readonly text: string
  /** Of the heading alone. */
  readonly words: string
}

/** Runs in the page. */
const find = ({ sinceMs, isWell }: Wanted): Noted | undefined => {
  const { noted } = globalThis as unknown as { noted: Noted[] }
  return noted.find(({ atMs, text }) => atMs >= sinceMs && text.includes('All is well.') === isWell)
}

/** The first thing of that sort that stood there, which may be gone by now; null: it did not come. */
async function noted(page: Page, wanted: Wanted, timeoutMs: number): Promise<Noted | null> {
  return page
    .waitForFunction(find, wanted, { timeout: timeoutMs, polling: 50 })
    .then((found) => found.jsonValue() as Promise<Noted>)
    .catch(() => null)
}

async function cutOnce(
  { lab }: Scene,
  page: Page,
  kind: Kind,
  uplink: Cut['uplink'],
  fault: string | undefined,
): Promise<Cut> {
  const set = async (isUp: boolean): Promise<number> => {
    const atMs = Date.now()
    if (kind === 'plug') {
      await lab.exec('wan', ['ip', 'link', 'set', plugs[uplink], isUp ? 'up' : 'down'])
    } else if (isUp) await lab.wan(site, uplink).mend()
    else await lab.wan(site, uplink).cut()
    return atMs
  }
  const cutAtMs = await set(false)
  const said = await noted(page, { sinceMs: cutAtMs, isWell: false }, waitMs)
  // As a person would: not in the same moment.
  await passed(500)
  const later = await textOf(page.locator('#health'))
  const mendedAtMs = fault === 'not-mended' ? Date.now() : await set(true)
  const back = await noted(page, { sinceMs: mendedAtMs, isWell: true }, backMs[kind] * 2)
  return {
    ...{ kind, uplink, words: [said?.words ?? '', later] },
    ms: said === null ? null : said.atMs - cutAtMs,
    backMs: back === null ? null : back.atMs - mendedAtMs,
  }
}

function checksOf(
  cuts: readonly Cut[],
  form: keyof typeof saidMs,
  fault: string | undefined,
): Check[] {
  const kinds = (['plug', 'silent'] as const).filter((one) => cuts.some(({ kind }) => kind === one))
  const title = { plug: 'plug pulled', silent: 'silent, in use' }
  return [
    ...kinds.flatMap((kind) => {
      const those = cuts.filter((cut) => cut.kind === kind)
      return [
        within(
          `${title[kind]}: said by the page`,
          saidMs[form],
          ...worst(those.map(({ ms }) => ms)),
        ),
        within(
          `${title[kind]}: back to “All is well.”`,
          backMs[kind],
          ...worst(those.map((cut) => cut.backMs)),
        ),
      ]
    }),
    wordsCheck(fault === 'wordless' ? cuts.map((cut) => ({ ...cut, words: ['Error 7'] })) : cuts),
  ]
}

function worst(all: readonly (number | null)[]): [number | null, string] {
  const known = all.filter((ms) => ms !== null).toSorted((one, other) => one - other)
  const median = known[Math.floor(known.length / 2)] ?? 0
  const ms = known.length < all.length ? null : known.at(-1)!
  return [ms, ` at most, ${(median / 1_000).toFixed(2)} s in the middle of ${all.length}`]
}

/** A person must find the name of the uplink, or of whom it does not reach any more. */
function wordsCheck(cuts: readonly Cut[]): Check {
  const known = (words: string, uplink: string): boolean =>
    words.includes(uplink) || /paths? to lisbon/.test(words)
  const isTold = cuts.every(({ words, uplink }) => words.every((one) => known(one, uplink)))
  const each = [...new Set(cuts.flatMap(({ words }) => words))]
  const figure = each.map((words) => `“${words}”`).join(', ')
  return claim('words name what is gone', isTold, figure, 'the uplink, or its paths')
}
