/**
 * From a blank box to the first packet of a user, by nothing but its page: first password, whose it is, the way to the Internet with the
 * box's own test of it, the configuration. Once typed in, as somebody runs it alone; once from a controller, by the code that both show.
 */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { parse, stringify } from 'yaml'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { openPage } from '../../browser/browser.ts'
import {
  bare,
  describeManyLinks,
  describeSites,
  type LabDescription,
} from '../../lab/description.ts'
import { Desk } from '../../lab/desk.ts'
import { awaitReachable } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { plannedFile } from '../../lab/site-files.ts'
import type { Check, Line } from '../line.ts'
import { claim, plain, seconds, within } from './check.ts'
import { openPages, password, peer, type Scene, segments, site } from './scene.ts'

const firstPacketMs = 120_000
const testMs = 40_000
const stepMs = 15_000
/** A test that is not under way by then is over already. */
const begunMs = 2_000
/** Of a peer that nobody has. */
const foreignKey = Buffer.alloc(32, 9).toString('base64')

export const firstRun: Line = {
  name: 'first-run',
  title: 'a blank box is set up by its page alone, until the first packet of a user',
  isQuickBeside: true,
  faults: {
    'used-before': 'blank: ',
    'dead-wan': 'uplink test, fixed',
    'another-key': 'by hand: ',
  },
  measure: async ({ isQuick, fault }) => {
    const byHand = await aloneByHand(fault)
    return isQuick || fault !== undefined ? byHand : [...byHand, ...(await byController())]
  },
}

function describeBlank(): LabDescription {
  const { sites, ...rest } = describeManyLinks({ uplinks: 1, segments })
  return {
    ...rest,
    sites: sites.map((one) => (one.name === site ? { ...one, isBlank: true } : one)),
  }
}

async function aloneByHand(fault: string | undefined): Promise<Check[]> {
  await using lab = await openLab(describeBlank())
  const onMs = performance.now()
  await lab.start()
  await using scene = await openPages(lab)
  if (fault === 'used-before') await useBefore(scene)
  const { page } = await openPage(scene.browser, 'phone', 'light')
  const openedMs = performance.now()
  const first = await setPassword(page, scene)
  if (!first.isOk) return [first]
  await page.getByRole('button', { name: 'It is run from these pages' }).click()
  await page.getByRole('button', { name: 'Go on' }).click()
  const tests = await connect(page, lab, fault)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'To the overview' }).click()
  await typeIn(page, scene, plannedText(lab, fault))
  const limitMs = fault === undefined ? firstPacketMs : stepMs
  const isThere = await reached(lab, limitMs)
  const [ms, fromOnMs] = [openedMs, onMs].map((sinceMs) => performance.now() - sinceMs)
  const more = `, ${seconds(fromOnMs!)} from the start of its processes`
  return [
    first,
    ...tests,
    within(
      'by hand: from the first look at the page to the first packet between the sites',
      firstPacketMs,
      isThere ? ms! : null,
      more,
    ),
  ]
}

/** The gateway keeps what ran: the box is not blank any more. */
async function useBefore(scene: Scene): Promise<void> {
  const { text } = await scene.shell<{ text: string }>('/api/v1/config')
  const changed = text.replace(/^revision: \d+/m, 'revision: 1').replace(/^site: .*/m, 'site: used')
  await scene.shell('/api/v1/config/apply', { text: changed, confirmSeconds: 0 })
}

async function setPassword(page: Page, { url }: Pick<Scene, 'url'>): Promise<Check> {
  await page.goto(url)
  await page.getByRole('heading', { name: 'Choose a password' }).waitFor()
  const needsCode = await page.getByLabel('Set-up code').isVisible()
  const title = 'blank: the page asks for a first password, and for nothing else'
  if (needsCode) return claim(title, false, 'it asks for a code')
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Whose is this box?' }).waitFor({ timeout: stepMs })
  return claim(title, true, 'set, and signed in')
}

/** No DHCP answers there: the test says so, and it is connected by fixed addresses. */
async function connect(page: Page, lab: Lab, fault: string | undefined): Promise<Check[]> {
  const before = await tested(page)
  await page.getByRole('button', { name: 'Change how it is connected' }).click()
  const { wan } = lab.sites.find(({ name }) => name === site)!
  await page.getByLabel('Name of this site').fill(site)
  await page.getByLabel('Address', { exact: true }).selectOption('fixed')
  await page.getByLabel('Address and prefix').fill(wan.address)
  await page.getByLabel('Gateway').fill(bare(wan.gateway))
  if (fault === 'dead-wan') await lab.wan(site, wan.name).cut()
  await page.getByRole('button', { name: 'Use it' }).click()
  await page.getByRole('button', { name: 'Keep it' }).click({ timeout: stepMs })
  await page.getByRole('button', { name: 'Keep it' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Test again' }).click()
  const after = await tested(page)
  const isFound = after.some((step) => /^good: .*198\.51\.100\.1/.test(step))
  return [
    claim(
      'uplink test, before: tells that nobody lends an address',
      before.some((step) => /^bad: .*(lease|DHCP|address)/.test(step)),
      before.find((step) => step.startsWith('bad: ')) ?? before.join('; '),
    ),
    claim(
      'uplink test, fixed: the gateway answers',
      isFound,
      after.find((step) => step.includes('198.51.100.1')) ?? after.join('; '),
    ),
  ]
}

/** @returns what each step of the test says, once it is done */
async function tested(page: Page): Promise<string[]> {
  await page
    .locator('.run-under-way')
    .waitFor({ timeout: begunMs })
    .catch(() => {})
  await page.locator('.run-under-way').waitFor({ state: 'detached', timeout: testMs })
  const steps = await page.locator('.run-steps li').allInnerTexts()
  return steps.map((step) => plain(step).replace(/ :/, ':'))
}

async function typeIn(page: Page, { url }: Pick<Scene, 'url'>, text: string): Promise<void> {
  await page.goto(`${url}#/config`)
  await page.getByLabel('The configuration (YAML)').fill(text)
  await page.getByRole('button', { name: 'Review' }).first().click()
  await page.getByRole('button', { name: 'Apply on trial' }).click({ timeout: stepMs })
  await page.getByRole('button', { name: 'Keep it' }).click({ timeout: stepMs })
  await page.getByText('The change is kept.').waitFor({ timeout: stepMs })
}

/** What somebody has for the box, as a text. */
function plannedText(lab: Lab, fault: string | undefined): string {
  const file = `/etc/causeway/${lab.names.instance(site)}/${plannedFile}`
  const planned = parse(readFileSync(file, 'utf8')) as DeviceConfig
  const peers = planned.peers.map((one) => ({ ...one, wireKey: foreignKey }))
  return stringify({
    ...{ ...planned, revision: planned.revision + 1 },
    ...(fault === 'another-key' ? { peers } : {}),
  })
}

async function reached(lab: Lab, limitMs: number): Promise<boolean> {
  return awaitReachable(lab, site, peer, 4, limitMs).then(
    () => true,
    () => false,
  )
}

async function byController(): Promise<Check[]> {
  const controller = { toldBy: 'file', hasRoot: false } as const
  await using lab = await openLab(describeSites(2, { controller, segments }))
  const desk = await Desk.open(lab)
  await desk.apply()
  await lab.start()
  await using scene = await openPages(lab)
  await desk.claim(peer)
  const { page } = await openPage(scene.browser, 'phone', 'dark')
  const openedMs = performance.now()
  await setPassword(page, scene)
  const shown = page.locator('.claim-code dd')
  await shown.first().waitFor({ timeout: stepMs })
  const [serial = '', code = ''] = (await shown.allInnerTexts()).map(plain)
  const box = await desk.waiting(site)
  await desk.ctl('claim', serial, site, '--code', code)
  await page.getByRole('button', { name: 'Yes, it is the right one' }).click()
  const isThere = await reached(lab, firstPacketMs)
  const ms = performance.now() - openedMs
  const isSame = serial === box.serial && code === box.offers[0]?.code
  return [
    claim('from a controller: the page shows serial and code', isSame, `${serial}, ${code}`),
    within(
      'from a controller: from the first look at the page to the first packet',
      firstPacketMs,
      isThere ? ms : null,
    ),
  ]
}
