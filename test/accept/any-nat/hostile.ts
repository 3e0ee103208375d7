/**
 * A relay that does as it pleases, with the hub's own keys: it tries to read, to alter, to repeat, to swap channels and to bring
 * in a device of another tenant. And a device that does: it sends by channels of others at an honest hub. Each attempt fails,
 * and is counted where it fails.
 */
import { randomBytes } from 'node:crypto'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { parseRelayed } from '../../../firmware/model/relayed-address.ts'
import { plantDrop } from '../../lab/faults.ts'
import { awaitReachable, hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { describeNatSites } from '../../lab/nat-sites.ts'
import { openDatapath } from '../../lab/paths.ts'
import { freshDrops, readMetrics } from '../../lab/status.ts'
import { waitFor } from '../../lab/until.ts'
import type { Check, Line } from '../line.ts'
import { type BadRelay, startBadDevice, startBadRelay } from './bad-relay.ts'
import {
  markedData,
  sendAsIfForwarded,
  sessionsOf,
  watchDelivered,
  watchForwarded,
} from './got-through.ts'

const counts = { full: 500, quick: 20 }
/** 16 bytes that every ping repeats. */
const canary = randomBytes(16)
const otherTenant = '11111111222243338444555555555555'
/** What a relay has given to nobody. */
const noChannel = 0x00be_ef00
const arrivalMs = 2_000

export const hostile: Line = {
  name: 'hostile',
  title:
    'a relay cannot read, alter, replay, swap channels or cross tenants; nor can a device at a relay',
  isQuickBeside: true,
  faults: {
    'in-clear': 'read',
    'honest-relay': 'altered',
    'fresh-copies': 'replayed',
    'swap-back': 'swapped',
    'sent-anew': 'sent by a number',
    'known-device': 'a handshake of',
    'own-channel': "another device's channel, sent by",
    'sent-on': "another device's channel, sent by",
    'same-tenant': "another tenant's device at",
  },
  measure: async ({ isQuick, fault }) => {
    const count = counts[isQuick ? 'quick' : 'full']
    return (await Promise.all([atEnds(count, fault), atHub(count, fault)])).flat()
  },
}

/** Branches with nothing between them but the relay. */
async function openApart(): Promise<Lab> {
  const lab = await openLab(describeNatSites('none', 'none'))
  await plantDrop(lab, 'internet', 'forward', 'iifname { left, right } oifname { left, right }')
  await lab.start()
  return lab
}

async function atEnds(count: number, fault: string | undefined): Promise<Check[]> {
  await using lab = await openApart()
  const relay = await startBadRelay(lab)
  await awaitReachable(lab, 'left', 'right')
  const passed = await ask(lab, count)
  const seen = await relay.seen(fault === 'in-clear' ? Buffer.of(0xd1, 0) : canary)
  const delivered = await watchDelivered(lab, 'right')
  const before = await dropsOf(lab, 'right')
  if (fault !== 'honest-relay') await relay.does('alter')
  await ask(lab, count)
  const altered = await delivered()
  await relay.does('replay')
  await ask(lab, count)
  await relay.does('pass')
  if (fault === 'fresh-copies') await ask(lab, count)
  else await relay.replayLast('right', count)
  const after = await dropsOf(lab, 'right')
  const replayed = (await delivered()) - altered - count
  const rise = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0)
  return [
    {
      check: 'read: datagrams that show what is inside, or open under the keys of the relay',
      target: '0 of those that passed',
      figure: `${seen.withCanary} and ${seen.opened} of ${seen.passed}`,
      isOk:
        passed.answered === count && seen.passed >= count && seen.withCanary + seen.opened === 0,
    },
    refused('altered', rise('sealed_tag'), count, altered),
    refused('replayed', rise('sealed_replay'), 2 * count, replayed),
    ...(await swapChannels(lab, relay, { count, delivered, before: after }, fault)),
    await foreignHandshake(lab, relay, fault),
    arrives('what is honestly relayed, after all that', (await ask(lab, count)).answered, count),
  ]
}

/** What right had been given, and had refused, by then. */
interface So {
  readonly count: number
  readonly delivered: () => Promise<number>
  readonly before: Counts
}

/**
 * Sound datagrams for right that it has never seen. By left's channel they are nothing; a number that is nobody's is as good as the
 * right one, since whose it is their seal says, and a third number brings nothing twice.
 */
async function swapChannels(
  lab: Lab,
  relay: BadRelay,
  { count, delivered, before }: So,
  fault: string | undefined,
): Promise<Check[]> {
  const deliveredLeft = await watchDelivered(lab, 'left')
  const beforeLeft = await dropsOf(lab, 'left')
  await relay.does('hold')
  await ask(lab, count)
  await relay.does('pass')
  const held = await delivered()
  if (fault === 'swap-back') await askBack(lab, count)
  else await relay.release('right', 'left')
  await relay.release('right', 'right', noChannel)
  if (fault === 'sent-anew') await ask(lab, count)
  else await relay.release('right', 'right')
  const [afterLeft, after] = await Promise.all([dropsOf(lab, 'left'), dropsOf(lab, 'right')])
  const swapped = (afterLeft.relay_channel ?? 0) - (beforeLeft.relay_channel ?? 0)
  const again = (after.sealed_replay ?? 0) - (before.sealed_replay ?? 0)
  const twice = (await delivered()) - held - count
  return [
    refused("swapped: sent by the other end's channel", swapped, count, await deliveredLeft()),
    refused('sent by a number that is none, and again by its channel', again, count, twice),
  ]
}

/** A device of another tenant is brought in by the relay: right neither answers it nor has another session than before. */
async function foreignHandshake(
  lab: Lab,
  relay: BadRelay,
  fault: string | undefined,
): Promise<Check> {
  const known = await sessionsOf(lab, 'right')
  const before = await straysOf(lab, 'right')
  const { answers } = await relay.seen(canary)
  if (fault === 'known-device') await relay.introduceItself('right', lab)
  else await relay.introduce('right', otherTenant)
  const rise = async () => (await straysOf(lab, 'right')).unauthentic - before.unauthentic
  await waitFor(async () => (await rise()) || null, performance.now() + arrivalMs)
  const counted = await rise()
  const answered = (await relay.seen(canary)).answers - answers
  const now = await sessionsOf(lab, 'right')
  const fresh = now.filter((one) => !known.includes(one)).length
  return {
    check: "a handshake of another tenant's device",
    target: '0 answers, 0 sessions, ≥ 1 counted',
    figure: `${answered} answers, ${fresh} sessions, ${counted} counted`,
    isOk: answered + fresh === 0 && counted >= 1,
  }
}

/** A device of the hub's own sends by the channels that others have there. */
async function atHub(count: number, fault: string | undefined): Promise<Check[]> {
  await using lab = await openApart()
  await awaitReachable(lab, 'left', 'right')
  const device = await startBadDevice(lab)
  if (device === null) throw new CausewayError('LAB_PROGRAM', 'the device has no session')
  const channels = await channelsOf(lab, 'left')
  const forwarded = await watchForwarded(lab)
  const before = await dropsOf(lab, 'hub')
  const strays = await straysOf(lab, 'hub')
  for (let sent = 0; sent < count; sent++) {
    const channel = channels[sent % channels.length]!
    if (fault !== 'own-channel') await device.send('hub', channel, markedData())
  }
  if (fault === 'sent-on') await sendAsIfForwarded(lab)
  const tenant = fault === 'same-tenant' ? undefined : otherTenant
  const foreign = await startBadDevice(lab, tenant)
  const after = await dropsOf(lab, 'hub')
  const counted = (await straysOf(lab, 'hub')).unauthentic - strays.unauthentic
  const rise = (after.relay_channel ?? 0) - (before.relay_channel ?? 0)
  const by = "another device's channel, sent by at an honest hub"
  const again = await ask(lab, 1)
  return [
    refused(by, rise, count, await forwarded()),
    refused("another tenant's device at an honest hub", counted, 1, Number(foreign !== null)),
    arrives('what an honest hub relays, after all that', again.answered, 1),
  ]
}

interface Answers {
  readonly answered: number
}

/** Pings with the canary in each, from left to right. */
async function ask(lab: Lab, count: number): Promise<Answers> {
  return pings(lab, 'left', 'right', count)
}

/** The other way. */
async function askBack(lab: Lab, count: number): Promise<Answers> {
  return pings(lab, 'right', 'left', count)
}

async function pings(lab: Lab, from: string, to: string, count: number): Promise<Answers> {
  const pattern = canary.toString('hex')
  const argv = ['ping', '-n', '-c', String(count), '-i', '0.02', '-W', '1', '-p', pattern]
  const way = [...argv, hostAddress(lab, to)]
  const { stdout } = await lab.attempt(`${from}-host`, way, { timeoutMs: 60_000 })
  const lines = stdout.split('\n').filter((line) => line.includes(' time='))
  return { answered: lines.filter((line) => !line.includes('DUP!')).length }
}

type Counts = Readonly<Record<string, number>>

/** Drops by reason, as of now. */
async function dropsOf(lab: Lab, site: string): Promise<Counts> {
  return (await freshDrops(lab, site)).reasons
}

/** Handshakes of whom the box does not know as one of its own. */
async function straysOf(lab: Lab, site: string): Promise<{ readonly unauthentic: number }> {
  const line = /stray_handshakes_total\{.*reason="unauthentic"\} (\d+)/
  return { unauthentic: Number(line.exec(await readMetrics(lab, site))?.[1] ?? 0) }
}

/** The numbers of its channels, as its paths have them. */
async function channelsOf(lab: Lab, site: string): Promise<number[]> {
  await using datapath = await openDatapath(lab, site)
  const { paths } = await datapath.counters()
  return paths.flatMap(({ remoteAddress }) => parseRelayed(remoteAddress)?.channel ?? [])
}

function arrives(check: string, arrived: number, count: number): Check {
  return {
    check,
    target: 'arrives',
    figure: `${arrived} of ${count}`,
    isOk: arrived === count,
  }
}

function refused(what: string, counted: number, atLeast: number, hasPassed: number): Check {
  return {
    check: what,
    target: `0 get through, ≥ ${atLeast} counted`,
    figure: `${hasPassed} get through, ${counted} counted`,
    isOk: counted >= atLeast && hasPassed === 0,
  }
}
