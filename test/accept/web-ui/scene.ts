/** Two sites, of which Berlin's box is used by its page: its users, a browser of the LAN's host, and what its own shell says. */
import { setTimeout as passed } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { askApi } from '../../../firmware/host/system/api-client.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import { type LocalRole, localRoles } from '../../../firmware/model/local-user.ts'
import { openBrowser } from '../../browser/browser.ts'
import { type Answer, type Asker, openAsker, type Question } from '../../lab/asker.ts'
import {
  bare,
  describeManyLinks,
  type LabDescription,
  type ManyLinksOptions,
} from '../../lab/description.ts'
import { awaitReachable, hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { ip } from '../../lab/network.ts'

export const site = 'berlin'
export const peer = 'lisbon'
/** Of the site's LAN. */
export const desk = `${site}-host`
export const password = 'correct horse battery'
export const segments = [{ name: 'office', vni: 100, admin: true }]
const shellMs = 30_000
const againMs = 200
const mostTries = 100

export interface Scene extends AsyncDisposable {
  readonly lab: Lab
  /** Of the box, in its LAN. */
  readonly address: string
  readonly url: string
  readonly browser: Browser
  /** At the box's own shell. */
  readonly shell: <Said>(path: string, post?: object) => Promise<Said>
  readonly asker: () => Promise<Asker>
}

/** Each role has a user of its name, unless nobody has been there yet; each site has two uplinks. */
export async function openScene(
  more: Partial<ManyLinksOptions> = {},
  { hasUsers = true }: { readonly hasUsers?: boolean } = {},
): Promise<Scene> {
  const lab = await openLab(describeManyLinks({ uplinks: 2, segments, ...more }))
  await using stack = new AsyncDisposableStack()
  stack.use(lab)
  await lab.start()
  const scene = await openPages(lab)
  stack.use(scene)
  await awaitReachable(lab, site, peer)
  if (hasUsers) await makeUsers(scene)
  const parts = stack.move()
  return { ...scene, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** As at the box's shell. */
export async function makeUsers({ shell }: Pick<Scene, 'shell'>): Promise<void> {
  for (const role of localRoles) await shell('/api/v1/users', { name: role, role, password })
}

/** The same of a lab that runs, whoever its users are. */
export async function openPages(lab: Lab): Promise<Scene> {
  const { apiSocket } = placesOf(lab.names.instance(site))
  const address = addressOf(lab.description)
  const [browser] = await Promise.all([openBrowser(lab.netns(desk)), answering(lab, address)])
  return {
    ...{ lab, address, browser, url: `https://${address}/` },
    shell: async <Said>(path: string, post?: object) => {
      const asking = post === undefined ? {} : { post }
      return JSON.parse(await askApi(apiSocket, path, { ...asking, timeoutMs: shellMs })) as Said
    },
    asker: () => openAsker(lab, desk, address),
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

/** More addresses on the LAN's host: more devices, for the box. */
export async function moreDevices({ lab }: Scene, count: number): Promise<string[]> {
  const net = hostAddress(lab, site).split('.').slice(0, 3).join('.')
  const addresses = Array.from({ length: count }, (_, number) => `${net}.${20 + number}`)
  const add = addresses.map((address) => `address add ${address}/24 dev eth0`)
  await ip(lab.netns(desk), add)
  return addresses
}

export function addressOf({ sites }: LabDescription, name = site): string {
  return bare(sites.find((one) => one.name === name)!.lan.address)
}

/** A box makes itself a certificate first. @throws LAB_TIMEOUT */
async function answering(lab: Lab, address: string): Promise<void> {
  await using asker = await openAsker(lab, desk, address)
  for (let tries = 0; tries < mostTries; tries++) {
    if ((await asker.ask({ path: '/api/v1/session', isAlone: true })).status === 200) return
    await passed(againMs)
  }
  throw new CausewayError('LAB_TIMEOUT', `nobody answers at ${address}`)
}

export async function runningConfig({ shell }: Scene): Promise<ConfigAnswer> {
  return shell<ConfigAnswer>('/api/v1/config')
}

/** By the form that a browser shows. */
export async function signIn(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.locator('.rail .nav-link').first().waitFor({ state: 'attached' })
}

/** A session without a browser. */
export interface Session {
  readonly role: LocalRole
  readonly cookie: string
  readonly csrf: string
}

/** @throws what the box said instead */
export async function openSession(asker: Asker, role: LocalRole): Promise<Session> {
  const answer = await asker.ask(posted('/api/v1/sign-in', { name: role, password }))
  const [cookie = ''] = (answer.headers['set-cookie'] ?? '').split(';')
  if (answer.status !== 200) throw new Error(`${role} is not let in: ${said(answer)}`)
  const { csrf } = JSON.parse(answer.body) as { csrf: string }
  return { role, cookie, csrf }
}

export function headersOf(session: Session | null): Record<string, string> {
  return session === null ? {} : { cookie: session.cookie, 'x-causeway-csrf': session.csrf }
}

export function posted(path: string, body: object, session: Session | null = null): Question {
  const headers = { 'content-type': 'application/json', ...headersOf(session) }
  return { method: 'POST', path, headers, body: JSON.stringify(body) }
}

/** `403 API_FORBIDDEN` */
export function said({ status, body }: Answer): string {
  const [, code] = /"code":"(\w+)"/.exec(body) ?? []
  if (status === null) return `no answer: ${body}`
  return `${status}${code === undefined ? '' : ` ${code}`}`
}
