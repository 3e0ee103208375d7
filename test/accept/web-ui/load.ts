/** What the page weighs: its first load, what it costs an idle gateway, and whether fifty of them disturb who forwards (crowd.ts). */
import { setTimeout as passed } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { cpuSeconds } from '../../bench/measure.ts'
import { openPage } from '../../browser/browser.ts'
import type { Check, Line } from '../line.ts'
import { claim, percent, seconds } from './check.ts'
import { crowdChecks } from './crowd.ts'
import { openScene, openSession, type Scene, signIn, site } from './scene.ts'

/** The short form shares the machine with others: it sees only what is broken. */
const limits = { full: { loadMs: 1_000, cpu: 0.01 }, quick: { loadMs: 4_000, cpu: 0.1 } } as const
const gzipLimit = 150_000
const apartMs = 3_000
const loads = { full: 9, quick: 2 } as const
const idleMs = { full: 30_000, quick: 3_000 } as const
const settleMs = { full: 4_000, quick: 1_000 } as const
const slowMs = 5_000

/** When the sentence of the overview has been painted, by the clock of the page. */
const painting = `
  globalThis.shownMs = null
  const look = () => {
    if (shownMs !== null || !document.querySelector('#health')?.textContent) return
    requestAnimationFrame(() => requestAnimationFrame(() => { shownMs ??= performance.now() }))
  }
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true })`

const shownAt = () => (globalThis as unknown as { shownMs: number | null }).shownMs

export const load: Line = {
  name: 'load',
  title:
    'the page loads in 1 s, weighs ≤ 150 kB, costs an idle gateway ≤ 1 % and forwarding nothing',
  isQuickBeside: true,
  faults: {
    'slow-script': 'first load, nothing cached',
    'not-packed': 'first load, gzip',
    'restless-page': 'an idle page',
    'lossy-lan': 'fifty pages: packets',
    'few-pages': 'fifty pages: open',
  },
  measure: async ({ isQuick, fault }) => {
    const form = isQuick || fault !== undefined ? 'quick' : 'full'
    await using scene = await openScene()
    const own = ['slow-script', 'not-packed', 'restless-page']
    const isOfCrowd = fault !== undefined && !own.includes(fault)
    const alone = isOfCrowd ? [] : await pageChecks(scene, form, fault)
    const crowd = fault !== undefined && !isOfCrowd ? [] : await crowdChecks(scene, form, fault)
    return [...alone, ...crowd]
  },
}

async function pageChecks(
  scene: Scene,
  form: keyof typeof limits,
  fault: string | undefined,
): Promise<Check[]> {
  await using asker = await scene.asker()
  const { cookie } = await openSession(asker, 'admin')
  const times: number[] = []
  let paths: string[] = []
  for (let count = 0; count < loads[form]; count++) {
    // As the box has it: so many connections a second from one place.
    if (count > 0) await passed(apartMs)
    const { page, context } = await openPage(scene.browser, 'desktop', 'light')
    const [name = '', value = ''] = cookie.split('=')
    const flags = { secure: true, httpOnly: true, sameSite: 'Strict' } as const
    await context.addCookies([{ name, value, url: scene.url, ...flags }])
    if (fault === 'slow-script') await slowDown(page)
    const loaded = await loadOnce(page, scene.url)
    times.push(loaded.ms)
    paths = loaded.paths
    await context.close()
  }
  let bytes = 0
  for (const path of paths) {
    const encoding = fault === 'not-packed' ? 'identity' : 'gzip'
    bytes += (await asker.ask({ path, headers: { 'accept-encoding': encoding } })).bytes
  }
  times.sort((one, other) => one - other)
  const median = times[Math.floor(times.length / 2)]!
  const { loadMs } = limits[form]
  return [
    claim(
      'first load, nothing cached, until the overview’s sentence is painted',
      times.at(-1)! <= loadMs,
      `${seconds(median)} in the middle, ${seconds(times.at(-1)!)} at most, of ${times.length}`,
      `≤ ${seconds(loadMs)}`,
    ),
    claim(
      'first load, gzip: all that comes before it',
      bytes <= gzipLimit && paths.length > 2,
      `${(bytes / 1_000).toFixed(1)} kB in ${paths.length} files`,
      `≤ ${gzipLimit / 1_000} kB`,
    ),
    await idleCheck(scene, form, fault),
  ]
}

async function slowDown(page: Page): Promise<void> {
  await page.route('**/*.js', async (route) => {
    await passed(slowMs)
    await route.continue()
  })
}

/** @returns files that it fetched besides what it asked the API */
async function loadOnce(page: Page, url: string): Promise<{ ms: number; paths: string[] }> {
  await page.addInitScript(painting)
  await page.goto(url)
  const shown = await page.waitForFunction(shownAt, undefined, { polling: 20 })
  const names = (await page.evaluate(
    "performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)",
  )) as string[]
  const paths = ['/', ...names.filter((name) => !name.startsWith('/api/'))]
  return { ms: (await shown.jsonValue()) as number, paths: [...new Set(paths)] }
}

/** With an open page less without, in turns. */
async function idleCheck(
  scene: Scene,
  form: keyof typeof limits,
  fault: string | undefined,
): Promise<Check> {
  const { pid } = scene.lab.processes.get(site)!.gateway
  const share = async (): Promise<number> => {
    await passed(settleMs[form])
    const before = cpuSeconds([pid])
    await passed(idleMs[form])
    return (cpuSeconds([pid]) - before) / (idleMs[form] / 1_000)
  }
  const without = await share()
  const { page, context } = await openPage(scene.browser, 'desktop', 'light')
  await signIn(page, scene.url, 'viewer')
  await page.locator('#health').waitFor()
  if (fault === 'restless-page') {
    await page.evaluate(
      "for (let each = 0; each < 6; each++) setInterval(() => fetch('/api/v1/system'), 30)",
    )
  }
  const withPage = await share()
  await context.close()
  const limit = limits[form].cpu
  return claim(
    `an idle page: CPU of the gateway process that it adds, of a core, over ${idleMs[form] / 1_000} s`,
    withPage - without <= limit,
    `${percent(withPage - without)} (${percent(withPage)} with, ${percent(without)} without)`,
    `≤ ${limit * 100} %`,
  )
}
