/**
 * LAN MTU 1500 over WAN MTU 1500, 1400 and 1280, both families inside: TCP at the rate that the path carries, senders told
 * what fits, IPv6 packets of the least MTU across whatever there is. One lab, whose WAN links change while it runs, so
 * that the rates are of the same minute. Real frames.
 */
import { describeWhole, type Family, type LabDescription } from '../../lab/description.ts'
import { awaitReachable, echoPort, exchangeDatagrams, startNode } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { setWanFrames } from '../../lab/links.ts'
import { freshDrops } from '../../lab/status.ts'
import type { Check, Line } from '../line.ts'
import {
  families,
  faults,
  forgetPaths,
  from,
  learnedMtu,
  measureTcp,
  overheadOf,
  probe,
  sendUdp,
  setWanMtu,
  type TcpFigures,
  to,
  toldMtu,
} from './mtu-parts.ts'

const lanMtu = 1500
const leastMtu6 = 1280
const fullMtu = 1500
/** Of the rate over a WAN of 1500: headers alone take 16 % at 1280, and a round is short. */
const leastRatio = { full: 0.7, quick: 0.3 }
const mostRetransmitted = 0.01
const minimumPackets = 20

export const mtu: Line = {
  name: 'mtu',
  title: 'LAN MTU 1500 over WAN MTU 1500, 1400 and 1280, both families',
  faults: {
    'black-hole': 'TCP',
    'deaf-sender': 'UDP senders told',
    'half-packets': 'IPv6 packets of 1280',
  },
  measure: async (context) => {
    const { fault } = context
    // A fault shows as well in the short form, and does not outlive it.
    const isQuick = context.isQuick || fault !== undefined
    const outers: readonly Family[] = isQuick ? [4] : [4, 6]
    const checks: Check[] = []
    for (const outer of outers) {
      await using lab = await openLab(oneSegment(describeWhole(2, { endpoints: [outer] })))
      checks.push(...(await measureLab(lab, outer, isQuick, fault)))
    }
    return checks
  },
}

/** The first segment alone: what is measured here has nothing to do with the others. */
function oneSegment(lab: LabDescription): LabDescription {
  const sites = lab.sites.map((site) => ({ ...site, lans: [site.lan] }))
  return { ...lab, segments: lab.segments.slice(0, 1), sites }
}

async function measureLab(
  lab: Lab,
  outer: Family,
  isQuick: boolean,
  fault: string | undefined,
): Promise<Check[]> {
  await lab.start()
  await setWanFrames(lab, 'real', 'own')
  const echo = startNode(lab, to, 'udp-echo.ts', [echoPort])
  await echo.line((line) => line.includes('"listening"'), 10_000)
  const server = lab.spawn(`${to}-host`, ['iperf3', '--server', '--forceflush'])
  await server.line((line) => line.includes('Server listening'), 10_000)
  for (const family of families) await awaitReachable(lab, from, to, family)
  const narrow = isQuick ? [1280] : [1400, 1280]
  const rounds = isQuick ? 1 : 3
  const rates = new Map<string, number[]>()
  const checks: Check[] = []
  for (let round = 0; round < rounds; round++) {
    for (const wanMtu of [fullMtu, ...narrow]) {
      await setWanMtu(lab, wanMtu, outer)
      if (fault !== undefined && wanMtu !== fullMtu) await faults[fault]!(lab)
      const ways = families.map((family) => ({ wanMtu, outer, family }))
      // The short form leaves 1500 to test/lab/mtu.test.ts.
      if (round === 0 && (wanMtu !== fullMtu || !isQuick)) {
        const found = await Promise.all(ways.map((way) => checkPackets(lab, way)))
        checks.push(...found.flat())
      }
      for (const way of ways) {
        const { family } = way
        const mss = wanMtu - overheadOf(outer) - (family === 4 ? 40 : 60)
        const figures = await measureTcp(lab, family, isQuick ? 1 : 4, mss)
        checks.push(flows(way, figures))
        const key = `${wanMtu} ${family}`
        rates.set(key, [...(rates.get(key) ?? []), figures.gbitPerSecond])
      }
    }
  }
  for (const wanMtu of narrow) checks.push(...ratios(rates, wanMtu, outer, isQuick))
  checks.push(await drops(lab, outer))
  return checks
}

interface Way {
  readonly wanMtu: number
  readonly outer: Family
  readonly family: Family
}

const named = ({ wanMtu, outer, family }: Way): string =>
  `IPv${family} over WAN ${wanMtu}${outer === 6 ? ' (IPv6)' : ''}`

/** Single packets: what senders learn, what they may still send, what of UDP arrives. */
async function checkPackets(lab: Lab, way: Way): Promise<Check[]> {
  const { wanMtu, outer, family } = way
  const told = toldMtu(wanMtu, outer, family)
  await forgetPaths(lab, family)
  await sendUdp(lab, family, told + 1)
  const learned = await learnedMtu(lab, from, to, family)
  const { isRefused } = await probe(lab, from, to, family, told + 1)
  const exact = await probe(lab, from, to, family, told, minimumPackets)
  const least = family === 4 ? 576 : leastMtu6
  const minimum = await probe(lab, from, to, family, least, minimumPackets)
  const maxBytes = lanMtu - (family === 4 ? 28 : 48)
  const { equal } = await exchangeDatagrams(lab, from, to, { count: 4, maxBytes, family })
  return [
    {
      check: `UDP senders told, ${named(way)}`,
      target: `${told}, then EMSGSIZE`,
      figure: `${learned ?? 'nothing'}, ${isRefused ? 'EMSGSIZE' : 'sent'}`,
      isOk: learned === told && isRefused,
    },
    all(`packets of ${told} arrive, ${named(way)}`, exact.count, minimumPackets),
    all(`IPv${family} packets of ${least} arrive, ${named(way)}`, minimum.count, minimumPackets),
    all(`UDP of up to ${maxBytes} bytes arrives, port ${echoPort}, ${named(way)}`, equal, 4),
  ]
}

function all(check: string, count: number, wanted: number): Check {
  return { check, target: `${wanted}`, figure: `${count}`, isOk: count === wanted }
}

/** No stall of a fifth of a second, and hardly anything sent twice. */
function flows(way: Way, { gbitPerSecond, retransmits, segments, stalls }: TcpFigures): Check {
  const share = segments === 0 ? 1 : retransmits / segments
  return {
    check: `TCP flows, ${named(way)}`,
    target: `0 stalls, ≤ ${mostRetransmitted * 100} % sent again`,
    figure: `${stalls} stalls, ${(share * 100).toFixed(2)} %, ${gbitPerSecond.toFixed(2)} Gbit/s`,
    isOk: stalls === 0 && share <= mostRetransmitted,
  }
}

/** Rates of the same round, the middle one of the rounds. */
function ratios(
  rates: ReadonlyMap<string, readonly number[]>,
  wanMtu: number,
  outer: Family,
  isQuick: boolean,
): Check[] {
  const least = isQuick ? leastRatio.quick : leastRatio.full
  return families.map((family) => {
    const whole = rates.get(`${fullMtu} ${family}`)!
    const each = rates.get(`${wanMtu} ${family}`)!.map((rate, round) => rate / whole[round]!)
    const ratio = each.toSorted((a, b) => a - b)[each.length >> 1]!
    return {
      check: `TCP ÷ WAN ${fullMtu}, ${named({ wanMtu, outer, family })}`,
      target: `≥ ${least}`,
      figure: ratio.toFixed(2),
      isOk: ratio >= least,
    }
  })
}

/** Nothing is lost but what its sender was told of. */
async function drops(lab: Lab, outer: Family): Promise<Check> {
  const found: string[] = []
  for (const { name } of lab.sites) {
    const { reasons } = await freshDrops(lab, name)
    for (const [reason, count] of Object.entries(reasons)) {
      if (count > 0 && reason !== 'too_big') {
        found.push(`${name} ${reason} ${count}`)
      }
    }
  }
  return {
    check: `nothing else is dropped${outer === 6 ? ' (IPv6 outside)' : ''}`,
    target: 'too_big only',
    figure: found.join(', ') || 'too_big only',
    isOk: found.length === 0,
  }
}
