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
import type { Check, Line } from '../line.ts'
import { startBadDevice, startBadRelay } from './bad-relay.ts'

const counts = { full: 500, quick: 20 }
/** 16 bytes that every ping repeats. */
const canary = randomBytes(16)
const otherTenant = '11111111222243338444555555555555'
/** What a relay has given to nobody. */
const noChannel = 0x00be_ef00

export const hostile: Line = {
  name: 'hostile',
  title:
    'a relay cannot read, alter, replay, swap channels or cross tenants; nor can a device at a relay',
  isQuickBeside: true,
  faults: {
    'honest-relay': 'altered',
    'in-clear': 'read',
    'own-channel': "another device's channel, sent by",
  },
  measure: async ({ isQuick, fault }) => {
    const count = counts[isQuick ? 'quick' : 'full']
    return [...(await atEnds(count, fault)), ...(await atHub(count, fault))]
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
  const before = await countsOf(lab, 'right')
  if (fault !== 'honest-relay') await relay.does('alter')
  const altered = await ask(lab, count)
  await relay.does('replay')
  const replayed = await ask(lab, count)
  await relay.does('pass')
  await relay.replayLast('right', count)
  for (let sent = 0; sent < count; sent++) await relay.send('right', noChannel, Buffer.of(0xd1))
  await relay.introduce('right', otherTenant)
  const again = await ask(lab, count)
  const after = await countsOf(lab, 'right')
  const rise = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  return [
    {
      check: 'read: datagrams that show what is inside, or open under the keys of the relay',
      target: '0 of those that passed',
      figure: `${seen.withCanary} and ${seen.opened} of ${seen.passed}`,
      isOk:
        passed.answered === count && seen.passed >= count && seen.withCanary + seen.opened === 0,
    },
    refused('altered', rise('sealed_tag'), count, altered.answered),
    refused('replayed', rise('sealed_replay'), 2 * count, replayed.doubled),
    refused('sent by a channel that there is not', rise('relay_channel'), count, 0),
    refused("a handshake of another tenant's device", rise('unauthentic'), 1, 0),
    {
      check: 'what is honestly relayed, after all that',
      target: 'arrives',
      figure: `${again.answered} of ${count}`,
      isOk: again.answered === count,
    },
  ]
}

/** A device of the hub's own sends by the channels that others have there. */
async function atHub(count: number, fault: string | undefined): Promise<Check[]> {
  await using lab = await openApart()
  await awaitReachable(lab, 'left', 'right')
  const device = await startBadDevice(lab)
  if (device === null) throw new CausewayError('LAB_PROGRAM', 'the device has no session')
  const channels = await channelsOf(lab, 'left')
  const before = await countsOf(lab, 'hub')
  const passed = await ask(lab, 1)
  for (let sent = 0; sent < count; sent++) {
    const channel = channels[sent % channels.length]!
    if (fault !== 'own-channel') await device.send('hub', channel, randomData())
  }
  const foreign = await startBadDevice(lab, otherTenant)
  const after = await countsOf(lab, 'hub')
  const rise = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  const by = "another device's channel, sent by at an honest hub"
  return [
    refused(by, rise('relay_channel'), count, 1 - passed.answered),
    refused(
      "another tenant's device at an honest hub",
      rise('unauthentic'),
      1,
      Number(foreign !== null),
    ),
  ]
}

interface Answers {
  readonly answered: number
  readonly doubled: number
}

/** Pings with the canary in each. */
async function ask(lab: Lab, count: number): Promise<Answers> {
  const pattern = canary.toString('hex')
  const argv = ['ping', '-n', '-c', String(count), '-i', '0.02', '-W', '1', '-p', pattern]
  const to = hostAddress(lab, 'right')
  const { stdout } = await lab.attempt('left-host', [...argv, to], { timeoutMs: 60_000 })
  const lines = stdout.split('\n').filter((line) => line.includes(' time='))
  const doubled = lines.filter((line) => line.includes('DUP!')).length
  return { answered: lines.length - doubled, doubled }
}

/** Drops by reason, and handshakes that led to nothing by theirs. */
async function countsOf(lab: Lab, site: string): Promise<ReadonlyMap<string, number>> {
  const { reasons } = await freshDrops(lab, site)
  const metrics = await readMetrics(lab, site)
  const strays = metrics.matchAll(/stray_handshakes_total\{.*reason="(\w+)"\} (\d+)/g)
  return new Map([
    ...Object.entries(reasons),
    ...[...strays].map(([, name, n]) => [name!, Number(n)] as const),
  ])
}

/** The numbers of its channels, as its paths have them. */
async function channelsOf(lab: Lab, site: string): Promise<number[]> {
  await using datapath = await openDatapath(lab, site)
  const { paths } = await datapath.counters()
  return paths.flatMap(({ remoteAddress }) => parseRelayed(remoteAddress)?.channel ?? [])
}

function randomData(): Buffer {
  return Buffer.concat([Buffer.of(0xd1), randomBytes(99)])
}

function refused(what: string, counted: number, atLeast: number, hasPassed: number): Check {
  return {
    check: what,
    target: `0 get through, ≥ ${atLeast} counted`,
    figure: `${hasPassed} get through, ${counted} counted`,
    isOk: counted >= atLeast && hasPassed === 0,
  }
}
