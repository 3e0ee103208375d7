/**
 * Makes of a blank box in a virtual machine the one that its lab has planned for the site: a LAN host gets a lease, sets the first password
 * and hands in the configuration, all by HTTPS in the LAN.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as passed } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import type { DeviceConfig } from '../../firmware/model/device-config.ts'
import { CausewayError } from '../../firmware/model/errors.ts'
import type { Status } from '../../firmware/model/local-api.ts'
import type { ConfigAnswer } from '../../firmware/model/local-api-config.ts'
import { bare } from '../lab/description.ts'
import type { Lab } from '../lab/lab.ts'
import { plannedFile } from '../lab/site-files.ts'
import { Box } from './box.ts'
import { leaseOf } from './lease.ts'

/** Patience alone: a quiet machine needs a minute for a start, and a busy slow one was seen to take seven. */
export const startMs = 900_000
/** As long as a box waits for a confirmation at most. */
const applyMs = 120_000
const againMs = 250
/** Below which the first host is. */
const lentFrom = 50
const lentTo = 250

/** A blank box, of which nobody has set the password. */
export async function openBlank(lab: Lab, site: string, limitMs = startMs): Promise<Box> {
  const host = `${site}-host`
  const { router } = await leaseOf(lab, host, limitMs)
  const box = await Box.open({ lab, host, address: router })
  await box.answers(limitMs)
  return box
}

/** The box at the address that its planned configuration gives it. */
export async function openPlanned(lab: Lab, site: string): Promise<Box> {
  const { lan } = lab.sites.find(({ name }) => name === site)!
  return Box.open({ lab, host: `${site}-host`, address: bare(lan.address) })
}

/**
 * What the lab has planned for the site, with the NICs as the machine calls them: those of its factory configuration.
 * @param wireKeys of peers that are machines too, by site: they made their own
 */
export function plannedConfig(
  lab: Lab,
  site: string,
  factory: DeviceConfig,
  wireKeys: Readonly<Record<string, string>> = {},
): DeviceConfig {
  const file = `/etc/causeway/${lab.names.instance(site)}/${plannedFile}`
  const planned = parse(readFileSync(file, 'utf8')) as DeviceConfig
  const [uplink, lan] = [factory.uplinks[0]!, factory.lans[0]!]
  return {
    ...planned,
    revision: factory.revision + 1,
    uplinks: planned.uplinks.map((one) => ({ ...one, nic: uplink.nic })),
    lans: planned.lans.map((one) => ({ ...one, nic: lan.nic, dhcp: rangeOf(one.address[0]!) })),
    // A machine has a key that it made itself: of one that is not there nobody knows it.
    peers: planned.peers
      .filter(({ name }) => name in wireKeys || !isVm(lab, name))
      .map((peer) => ({ ...peer, wireKey: wireKeys[peer.name] ?? peer.wireKey })),
  }
}

function isVm({ sites }: Lab, site: string): boolean {
  return sites.find(({ name }) => name === site)?.isVm === true
}

function rangeOf(address: string): { readonly from: string; readonly to: string } {
  const net = bare(address).split('.').slice(0, 3).join('.')
  return { from: `${net}.${lentFrom}`, to: `${net}.${lentTo}` }
}

export async function runningConfig(box: Box): Promise<DeviceConfig> {
  const { text } = await box.get<ConfigAnswer>('/api/v1/config')
  return parse(text) as DeviceConfig
}

export async function wireKeyOf(box: Box): Promise<string> {
  return (await box.get<Status>('/api/v1/status')).wireKey
}

/** Hands a configuration in, and waits until it runs: for good, or for so many seconds unless it is confirmed. */
export async function apply(box: Box, config: DeviceConfig, confirmSeconds = 0): Promise<void> {
  await box.post('/api/v1/config/apply', { text: stringify(config), confirmSeconds })
}

/**
 * Hands in a configuration by which the box moves to another address of its LAN, where it is confirmed, as its page does it: no answer
 * comes to whoever asked at the old one.
 * @returns it at the new one, signed in
 */
export async function move(lab: Lab, site: string, box: Box, config: DeviceConfig): Promise<Box> {
  const refused = apply(box, config, applyMs / 1000).then(
    () => null,
    (error: CausewayError) => error,
  )
  const moved = await openPlanned(lab, site)
  // What is refused is answered, and at the old address.
  const first = await Promise.race([refused, moved.answers(applyMs).then(() => null)])
  if (first !== null && first.code !== 'API_UNREACHABLE') throw first
  await moved.answers(applyMs)
  await moved.signIn()
  await confirm(moved)
  await box[Symbol.asyncDispose]()
  await kept(moved, config.revision)
  return moved
}

/** What was handed in, once it is in place: the API may answer a little before. @throws LAB_TIMEOUT, CONFIG_UNCONFIRMED too late, API_UNREACHABLE taken back */
async function confirm(box: Box): Promise<void> {
  const isThere = ({ pendingChange }: ConfigAnswer) => pendingChange?.phase !== 'applying'
  await configIs(box, 'in place', isThere)
  await box.post('/api/v1/config/confirm')
}

/** Until a revision runs and nothing waits any more. @throws LAB_TIMEOUT */
export async function kept(box: Box, revision: number): Promise<void> {
  await configIs(box, `revision ${revision}, and kept`, (answer) => {
    return answer.revision === revision && answer.pendingChange === null
  })
}

async function configIs(
  box: Box,
  what: string,
  isSo: (answer: ConfigAnswer) => boolean,
): Promise<void> {
  const deadlineMs = performance.now() + applyMs
  while (!isSo(await box.get<ConfigAnswer>('/api/v1/config'))) {
    if (performance.now() > deadlineMs) {
      throw new CausewayError('LAB_TIMEOUT', `the configuration is not ${what}`)
    }
    await passed(againMs)
  }
}

/** From a blank box to its planned configuration. */
export async function setUp(lab: Lab, site: string): Promise<Box> {
  const blank = await openBlank(lab, site)
  await blank.setPassword()
  return move(lab, site, blank, plannedConfig(lab, site, await runningConfig(blank)))
}
