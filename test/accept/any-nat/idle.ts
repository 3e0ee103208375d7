/**
 * Branches that have nothing to say to each other for ten minutes, behind NATs that forget a mapping after half a minute, one of
 * them where each byte is paid for. What each kind of peer costs there: one that is direct, one that only the hub can join, the
 * hub, those whom it is asked for in vain, and one that is called and never there. And that the first packet passes afterwards.
 *
 * A day is: what the end of the data costs, once; what the idle time costs, as often as it fits; and at their own rate what is due
 * less often than that: a relayed pair's search for a direct way, of which one is brought about, and how long the NAT remembers,
 * which is found out as soon as nothing is said, and is the hub's in the account.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { retryMs } from '../../../firmware/plan/traversal.ts'
import { bare } from '../../lab/description.ts'
import { hostAddress, ping } from '../../lab/hosts.ts'
import type { Lab } from '../../lab/lab.ts'
import { natsOf } from '../../lab/nat.ts'
import { describeNatSites } from '../../lab/nat-sites.ts'
import { type AnyConfig, reconfigure } from '../../lab/reconfigure.ts'
import { lookAt } from '../../lab/status.ts'
import { waitFor } from '../../lab/until.ts'
import type { Check, Line } from '../line.ts'
import { directMs } from './expected.ts'
import {
  channelsTo,
  goneNet,
  grown,
  type MeteredPeer,
  metered,
  meterPeers,
  type PeerBytes,
} from './peer-meter.ts'
import { awaitDirect, firstAnswer, openScene } from './scene.ts'

const dayBytes = 1_000_000
const daySeconds = 86_400
const timeoutSeconds = 30
/** So long after the last packet, paths are still tried and watched, and who is never there is called more often. */
const tailMs = { full: 120_000, quick: 12_000 }
/** The quick form sees what is chatty; and whether a mapping that is not used would be gone by then, it is. */
const idleMs = { full: 630_000, quick: 29_000 }
/**
 * A path's probe and its answer, with their IP headers. A time begins and ends anywhere between two of them, and has up to one more
 * than fit into it: of ten minutes that is a fiftieth, of half a minute another half of what is allowed.
 */
const edgeBytes = { full: 0, quick: 2 * 72 }
/** Tries end after 10 s. */
const searchMs = 15_000
/** Candidates to and fro and a few tries are more: a search that was not made would count as one that costs nothing. */
const leastSearchBytes = 500
const chatEverySeconds = '10'
/** `AGAIN_US` of graph/keep.c. */
const watchesPerDay = 24
const goneHost = '10.9.0.10'

export const idle: Line = {
  name: 'idle',
  title: `idle for 10 min behind NATs that forget after ${timeoutSeconds} s: ≤ 1 MB a day a peer, and there at once`,
  isQuickBeside: true,
  isAsleep: true,
  faults: {
    chat: 'IP bytes a day, left',
    'relayed-chat': 'IP bytes a day, third',
    'hub-chat': 'IP bytes a day, hub',
    'gone-chat': 'IP bytes a day, gone',
    searchless: 'bytes of a search',
    forgotten: 'first packet',
  },
  measure: async ({ isQuick, fault }) => {
    const form = isQuick ? 'quick' : 'full'
    const description = describeNatSites('port-restricted', 'port-restricted', {
      third: 'port-443',
      nat: { timeoutSeconds },
      link: (site) => (site === metered ? { more: { metered: true } } : {}),
    })
    await using scene = await openScene(description)
    const { lab } = scene
    await firstAnswer(scene, directMs.spray)
    await awaitDirect(scene, directMs.spray)
    await awaitRelayed(lab, 'third')
    // It takes minutes until who is not there is asked for and called as seldom as it will be.
    const isAbsentMeant = !isQuick || fault === 'gone-chat'
    if (isAbsentMeant) await addAbsent(lab)
    const channels = await channelsTo(lab, 'third')
    const read = await meterPeers(lab)
    await scene.pings.program.stop()
    const atFirst = await read()
    await pause(tailMs[form])
    const before = await read()
    const beganMs = performance.now()
    startChat(lab, fault)
    await pause(idleMs[form])
    const seconds = (performance.now() - beganMs) / 1_000
    const after = await read()
    const edge = edgeBytes[form]
    const idles = { tail: grown(before, atFirst), idle: grown(after, before), seconds, edge }
    const isSearchMeant = !isQuick || fault === 'searchless'
    const isMade = fault !== 'searchless'
    const searches = isSearchMeant ? await searchBytes(lab, read, idles, isMade) : null
    if (`${await channelsTo(lab, 'third')}` !== `${channels}`) {
      throw new CausewayError('LAB_PROGRAM', 'third has other channels than at first')
    }
    if (fault === 'forgotten') await forget(lab)
    const firsts = [
      await firstCheck(lab, ['left', 'right'], 'directly', seconds + tailMs[form] / 1_000),
      await firstCheck(lab, ['right', 'third'], 'by the relay', seconds + tailMs[form] / 1_000),
    ]
    const peers = isAbsentMeant ? allPeers : lastingPeers
    const ofSearch = searches === null ? [] : [searchCheck(searches)]
    return [...peers.map((peer) => costCheck(peer, idles, searches)), ...ofSearch, ...firsts]
  },
}

const titles: Readonly<Record<MeteredPeer, string>> = {
  left: 'left, direct',
  third: 'third, relayed',
  hub: 'hub',
  watch: 'watch of the NAT',
  absent: 'absent, whom the hub is asked for',
  gone: 'gone, called and never there',
}
const lastingPeers = ['left', 'third', 'hub'] as const
const allPeers = [...lastingPeers, 'absent', 'gone'] as const

/** No data has flown to it yet, which would have a direct way looked for again and again. */
async function awaitRelayed(lab: Lab, peer: string): Promise<void> {
  const isRelayed = await waitFor(async () => {
    const look = await lookAt(lab, metered)
    return look.status.peers.find(({ name }) => name === peer)?.reach.how === 'relayed' || null
  }, performance.now() + directMs.spray)
  if (isRelayed === null) throw new CausewayError('LAB_TIMEOUT', `${peer} is not relayed`)
}

/** One that the hub knows, without a session there; and one that has an endpoint, at which nobody answers. */
async function addAbsent(lab: Lab): Promise<void> {
  const absent = peerConfig('absent', '10.8.0.0/24', [])
  const gone = peerConfig('gone', '10.9.0.0/24', [`${goneNet}.2:51820`])
  await lab.exec('internet', ['ip', 'route', 'add', 'blackhole', `${goneNet}.0/24`])
  await reconfigure(lab, 'hub', (config: AnyConfig) => void config.peers.push(absent))
  await reconfigure(lab, metered, (config: AnyConfig) => void config.peers.push(absent, gone))
}

function peerConfig(name: string, prefix: string, endpoints: readonly string[]) {
  const wireKey = Buffer.alloc(32, name).toString('base64')
  return { name, wireKey, endpoints, segments: { office: [prefix] } }
}

/** Somebody is not idle after all. */
function startChat(lab: Lab, fault: string | undefined): void {
  const whom = {
    chat: hostAddress(lab, 'left'),
    'relayed-chat': hostAddress(lab, 'third'),
    'hub-chat': hostAddress(lab, 'hub'),
    'gone-chat': goneHost,
  }[fault ?? '']
  if (whom === undefined) return
  lab.spawn(`${metered}-host`, ['ping', '-n', '-i', chatEverySeconds, whom])
}

/** As if nothing had kept the mappings; nor does anything get by before that is noticed. */
async function forget(lab: Lab): Promise<void> {
  for (const site of ['left', 'right'] as const) {
    for (const nat of natsOf(lab, site)) {
      await nat.flush()
      await nat.block(lab.sites.map(({ wan }) => bare(wan.nat?.address ?? wan.address)))
    }
  }
}

async function firstCheck(
  lab: Lab,
  [from, to]: readonly [string, string],
  how: string,
  seconds: number,
): Promise<Check> {
  const answered = await ping(lab, from, to, { count: 1, intervalMs: 1_000 })
  return {
    check: `first packet after ${seconds.toFixed(0)} s, ${how}`,
    target: 'answered',
    figure: answered.length === 0 ? 'lost' : `${answered[0]!.toFixed(1)} ms`,
    isOk: answered.length === 1,
  }
}

interface Idles {
  /** Of the end of the data, and of the idle time. */
  readonly tail: PeerBytes
  readonly idle: PeerBytes
  readonly seconds: number
  /** What of the idle time is none of its rate. */
  readonly edge: number
}

/**
 * What a search for a direct way to third costs, beside what is idle: a gateway that begins anew looks for one at once. It has the
 * metered end look at its NAT, too, which the hub is asked for.
 * @param isMade false: it does not begin anew, so that nothing is looked for
 */
async function searchBytes(
  lab: Lab,
  read: () => Promise<PeerBytes>,
  { idle: idleBytes, seconds }: Idles,
  isMade: boolean,
): Promise<number> {
  const { gateway } = lab.processes.get('third')!
  if (isMade) await gateway.stop('SIGKILL')
  const before = await read()
  const beganMs = performance.now()
  if (isMade) await lab.restart('third', 'gateway')
  await pause(searchMs)
  const all = grown(await read(), before)
  const share = (performance.now() - beganMs) / 1_000 / seconds
  return all.third + all.hub - share * (idleBytes.third + idleBytes.hub)
}

function searchCheck(bytes: number): Check {
  return {
    check: 'bytes of a search for a direct way to third, which was made',
    target: `≥ ${leastSearchBytes} B`,
    figure: `${bytes.toFixed(0)} B`,
    isOk: bytes >= leastSearchBytes,
  }
}

/** Both ends of a pair look for a direct way: as often as each would, were it the only one. */
function searchesPerDay(): number {
  const efforts = { failures: 9, hasData: false }
  const pauses = [true, false].map((isMetered) => retryMs({ ...efforts, isMetered }))
  return pauses.reduce((sum, ms) => sum + (daySeconds * 1_000) / ms, 0)
}

function costCheck(
  peer: MeteredPeer,
  { tail, idle: bytes, seconds, edge }: Idles,
  searchOf: number | null,
): Check {
  const rare =
    peer === 'third' && searchOf !== null
      ? { times: searchesPerDay(), bytes: Math.round(searchOf), what: 'searches' }
      : peer === 'hub'
        ? { times: watchesPerDay, bytes: tail.watch + bytes.watch, what: 'watches' }
        : { times: 0, bytes: 0, what: '' }
  const atEdge = Math.min(edge, bytes[peer])
  const often = ((bytes[peer] - atEdge) / seconds) * daySeconds
  const perDay = tail[peer] + often + rare.times * rare.bytes
  const besides = rare.times === 0 ? '' : `, ${rare.times} ${rare.what} of ${rare.bytes} B`
  const spared = atEdge === 0 ? '' : ` but for ${atEdge} B`
  return {
    check: `IP bytes a day, ${titles[peer]}`,
    target: `≤ ${dayBytes / 1e6} MB`,
    figure: `${(perDay / 1e6).toFixed(2)} MB (${bytes[peer]} B in ${seconds.toFixed(0)} s${spared}${besides})`,
    isOk: perDay <= dayBytes,
  }
}
