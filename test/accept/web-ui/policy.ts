/** A policy is changed on its page, reviewed, applied and not kept: the countdown runs out, and page and box are as before. */
import { readFileSync } from 'node:fs'
import { setTimeout as passed } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { parse } from 'yaml'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { Policy } from '../../../firmware/model/device-config-steering.ts'
import { openPage } from '../../browser/browser.ts'
import type { Check, Line } from '../line.ts'
import { claim, plain, seconds, seen, textOf } from './check.ts'
import { openScene, runningConfig, type Scene, signIn, site } from './scene.ts'

const before = 150
const after = 90
/** The shortest that the page offers. */
const countdownSeconds = 30
const showMs = 10_000
const lateMs = 5_000
const policies: readonly Policy[] = [
  { name: 'calls', for: { applications: ['voice'] }, latencyMs: before },
]

export const policy: Line = {
  name: 'policy',
  title: 'a policy is changed, reviewed and applied; nobody keeps it, and it goes back by itself',
  ...{ isQuickBeside: true, isAsleep: true },
  faults: {
    'another-edit': 'review',
    'taken-back-early': 'on trial',
    kept: 'not kept: the page',
    'edited-behind': 'not kept: the box',
  },
  measure: async ({ fault }) => {
    await using scene = await openScene({ policies })
    const { page } = await openPage(scene.browser, 'desktop', 'light')
    await signIn(page, scene.url, 'admin')
    const review = await edited(page, fault)
    if (!review.isOk) return [review]
    const trial = await tried(scene, page, fault)
    return trial.isOk ? [review, trial, ...(await afterwards(scene, page, fault))] : [review, trial]
  },
}

async function edited(page: Page, fault: string | undefined): Promise<Check> {
  await page.locator('.rail').getByRole('link', { name: 'Policies' }).click()
  await page.getByRole('button', { name: 'Change calls' }).click()
  const field = fault === 'another-edit' ? 'Jitter at most' : 'Latency at most'
  await page.getByLabel(field).fill(String(after))
  await page.getByRole('button', { name: 'Done' }).click()
  await page.locator('.draft-bar').getByRole('button', { name: 'Review' }).click()
  await page.locator('.told li').first().waitFor()
  const told = await textOf(page.locator('.told'))
  const isTold = /calls/.test(told) && /[Ll]atency/.test(told) && told.includes(`${before}`)
  return claim('review tells the change in words', isTold && told.includes(`${after}`), told)
}

async function tried(scene: Scene, page: Page, fault: string | undefined): Promise<Check> {
  await page.getByLabel('Time to keep it').selectOption(String(countdownSeconds))
  await page.getByRole('button', { name: 'Apply on trial' }).click()
  const shownMs = await seen(page.getByText('Revision 2 runs on trial.'), showMs)
  if (fault === 'taken-back-early') {
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page.getByText('Revision 2 was taken back.').waitFor()
  }
  const timer = page.getByRole('timer').locator('span').first()
  const left = plain(await timer.textContent({ timeout: 1_000 }).catch(() => ''))
  const { text, revision, pendingChange } = await runningConfig(scene)
  const waits =
    pendingChange === null ? 'nothing waits' : `revision ${pendingChange.revision} waits`
  const isTried = pendingChange?.revision === 2 && shownMs !== null && /\d+ s left/.test(left)
  const figure = `page: “${left}”; box: ${waits}, latency ${latencyOf(text)} ms of revision ${revision}`
  return claim('on trial: countdown on the page, change on the box', isTried, figure)
}

async function afterwards(scene: Scene, page: Page, fault: string | undefined): Promise<Check[]> {
  const beganMs = performance.now()
  if (fault === 'kept') await page.getByRole('button', { name: 'Keep it' }).click()
  const limitMs = countdownSeconds * 1_000 + lateMs
  const ms = await seen(page.getByText('Revision 2 was taken back.'), limitMs)
  const why = await textOf(page.locator('.banners').getByText('Why:').first())
  if (fault === 'edited-behind') await editedBehind(scene)
  const { text, revision, pendingChange } = await runningConfig(scene)
  const file = parse(readFileSync(fileOf(scene), 'utf8')) as DeviceConfig
  await page.locator('.rule').first().waitFor()
  const isKept = (await seen(page.getByText(/not applied yet/), lateMs)) !== null
  return [
    claim(
      'not kept: the page says that and why it went back, and keeps the edit',
      ms !== null && isKept,
      ms === null ? 'never' : `after ${seconds(performance.now() - beganMs)}: “${why}”`,
      `≤ ${limitMs / 1_000} s`,
    ),
    claim(
      'not kept: the box runs what was before, its file too',
      pendingChange === null &&
        [revision, file.revision].every((one) => one === 1) &&
        [latencyOf(text), file.policies?.[0]?.latencyMs].every((one) => one === before),
      `revision ${revision}, latency ${latencyOf(text)} ms; device.yaml: ${file.policies?.[0]?.latencyMs} ms`,
      `revision 1, ${before} ms`,
    ),
  ]
}

/** Somebody at the shell has the edit run after all. */
async function editedBehind(scene: Scene): Promise<void> {
  const { text } = await runningConfig(scene)
  const changed = text
    .replace(/^revision: \d+/m, 'revision: 3')
    .replace(`latencyMs: ${before}`, `latencyMs: ${after}`)
  await scene.shell('/api/v1/config/apply', { text: changed, confirmSeconds: 0 })
  await passed(500)
}

function fileOf({ lab }: Scene): string {
  return `/etc/causeway/${lab.names.instance(site)}/device.yaml`
}

function latencyOf(text: string): number | undefined {
  return (parse(text) as DeviceConfig).policies?.[0]?.latencyMs
}
