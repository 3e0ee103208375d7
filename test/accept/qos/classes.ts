/**
 * Classes by policy, marks outside and limits of peers, on the link of the scene: what a policy calls a call stays clear on the full link
 * without a mark of its own, to the other site and out to the Internet; a capture on the wire shows the marks; a limit holds.
 */
import { setTimeout as passed } from 'node:timers/promises'
import { startCapture } from '../../lab/capture.ts'
import { bare } from '../../lab/description.ts'
import type { Lab } from '../../lab/lab.ts'
import { startPace } from '../../lab/pace.ts'
import { datagramOf, type Frame } from '../../lab/pcap.ts'
import { type AnyConfig, reconfigure } from '../../lab/reconfigure.ts'
import { overlayPort } from '../../lab/site-files.ts'
import type { Check, Line } from '../line.ts'
import { callChecks, type Leg, talkAll } from './call.ts'
import {
  bpsBetween,
  fill,
  fullCheck,
  hostOf,
  linkBytes,
  narrow,
  openNarrow,
  wide,
} from './scene.ts'

const within = 0.03
const limit = '4M'
const limitBps = 4_000_000
const [expedited, assured, control] = [46, 34, 48]
/** As a video call's, and more than its part among so many: by its turn alone it would be late, and lose. */
const call = { ratePps: 120, bytes: 1_100, port: 9_100 }
/** What fills the way to the Internet: the same number as to the other site. */
const crowd = { ratePps: 60, bytes: 1_400, port: 9_250, flows: 8 }
const seconds = { full: { idle: 5, busy: 15, limit: 10 }, quick: { idle: 1, busy: 3, limit: 3 } }

export const classes: Line = {
  name: 'classes',
  title: 'classes by policy, their marks on the wire, and limits of peers',
  faults: {
    'no-class': 'to the other site: added delay',
    'inside-alone': 'out to the Internet: added delay',
    unmarked: 'marks by class',
    'marks-stay': 'no marks',
    'wrong-limit': `limit of ${limit}`,
  },
  measure: async ({ isQuick, fault }) => {
    const time = isQuick || fault !== undefined ? seconds.quick : seconds.full
    await using lab = await openNarrow({ isRateUnknown: false })
    await reconfigure(lab, narrow, (config) => sayCalls(config, fault))
    const checks = await calls(lab, time.idle, time.busy, isQuick)
    checks.push(await marks(lab, 'copy', 'copy'))
    checks.push(await marks(lab, 'none', fault === 'marks-stay' ? 'class' : 'none'))
    const asked = fault === 'wrong-limit' ? '5M' : limit
    checks.push(await limited(lab, `limit of ${limit}`, asked, time.limit))
    if (isQuick) return checks
    await reconfigure(lab, narrow, (config) => {
      delete config.uplinks[0].up
    })
    const unshaped = `limit of ${limit}, by an uplink without a rate`
    return [...checks, await limited(lab, unshaped, asked, time.limit)]
  },
}

function sayCalls(config: AnyConfig, fault: string | undefined): void {
  const to = fault === 'inside-alone' ? { to: ['10.0.0.0/8'] } : {}
  config.applications = [{ name: 'calls', protocol: 'udp', ports: [call.port], ...to }]
  const said = fault === 'no-class' ? {} : { class: 'voice' }
  config.policies = [{ name: 'calls', for: { applications: ['calls'] }, ...said }]
  if (fault === 'unmarked') config.uplinks[0].marks = 'none'
}

function ridesOf(lab: Lab): readonly (Leg & { readonly name: string })[] {
  const [from] = hostOf(lab, narrow)
  const [to, address] = hostOf(lab, wide)
  const internet = bare(wanOf(lab, wide).gateway)
  return [
    { name: 'to the other site', from, to, address },
    { name: 'out to the Internet', from, to: 'internet', address: internet },
  ]
}

function wanOf(lab: Lab, site: string) {
  return lab.sites.find(({ name }) => name === site)!.wan
}

/** Both calls at once, on the idle link and on the full one. */
async function calls(lab: Lab, idle: number, busy: number, isQuick: boolean): Promise<Check[]> {
  const rides = ridesOf(lab)
  const alone = await talkAll(lab, rides, call, idle)
  const [from] = hostOf(lab, narrow)
  await using _inside = await fill(lab, from, rides[0]!.to, rides[0]!.address, 0)
  await using _beside = await startPace(lab, from, rides[1]!.to, rides[1]!.address, crowd)
  await using capture = await startCapture(lab, 'internet', wanOf(lab, narrow).link, 'udp')
  const before = await linkBytes(lab, wanOf(lab, narrow).link)
  const full = await talkAll(lab, rides, call, busy)
  const isFull = fullCheck('both calls', before, await linkBytes(lab, wanOf(lab, narrow).link))
  const { frames, missed } = await capture.finish()
  const marked = dscpsOf(lab, frames)
  return [
    ...rides.flatMap((ride, at) => callChecks(ride, alone[at]!, full[at]!, { isQuick })),
    isFull,
    {
      check: 'marks by class: of what is sealed, and of what leaves to the Internet',
      target: 'EF of calls alone',
      figure: `${textOf(marked)}; calls: ${full.map(({ sent }) => sent).join(' and ')}; ${missed} not seen`,
      isOk:
        isShare(marked.sealed.get(expedited), full[0]!.sent) &&
        isShare(marked.out.get(expedited), full[1]!.sent) &&
        has(marked.sealed, [0, control, expedited]) &&
        has(marked.out, [expedited]) &&
        missed === 0,
    },
  ]
}

/** Two that leave together may be one frame. */
function isShare(count = 0, sent: number): boolean {
  return sent > 0 && count > sent * 0.9 && count <= sent
}

function has(counts: ReadonlyMap<number, number>, allowed: readonly number[]): boolean {
  return counts.size > 0 && [...counts.keys()].every((dscp) => allowed.includes(dscp))
}

interface Marked {
  /** Code point → how many frames. */
  readonly sealed: ReadonlyMap<number, number>
  readonly out: ReadonlyMap<number, number>
}

/** What the narrow link carried outwards. */
function dscpsOf(lab: Lab, frames: readonly Frame[]): Marked {
  const own = bare(wanOf(lab, narrow).address)
  const sealed = new Map<number, number>()
  const out = new Map<number, number>()
  for (const frame of frames) {
    const datagram = datagramOf(frame)
    if (datagram?.source !== own) continue
    const counts = datagram.destinationPort === overlayPort ? sealed : out
    if (counts === out && datagram.destinationPort !== call.port) continue
    const dscp = frame.bytes[15]! >> 2
    counts.set(dscp, (counts.get(dscp) ?? 0) + 1)
  }
  return { sealed, out }
}

const markedSeconds = 1

/** Calls without a mark, and a stream with one that no policy is for. @param told what the uplink is told */
async function marks(lab: Lab, mode: 'copy' | 'none', told: string): Promise<Check> {
  await reconfigure(lab, narrow, (config) => {
    config.uplinks[0].marks = told
  })
  const [inside, out] = ridesOf(lab)
  const stream = { ...call, port: call.port + 3, dscp: assured }
  await using capture = await startCapture(lab, 'internet', wanOf(lab, narrow).link, 'udp')
  const [[one], [other]] = await Promise.all([
    talkAll(lab, [inside!], stream, markedSeconds),
    talkAll(lab, [out!], call, markedSeconds),
  ])
  const { frames, missed } = await capture.finish()
  const marked = dscpsOf(lab, frames)
  const isCopy = mode === 'copy'
  const [sealed, left] = isCopy ? [assured, expedited] : [0, 0]
  return {
    check: isCopy ? 'marks as inside' : 'no marks',
    target: isCopy ? 'AF41 of what has it; EF of calls that leave to the Internet' : '0 alone',
    figure: `${textOf(marked)}; ${one!.sent} and ${other!.sent} sent; ${missed} not seen`,
    isOk:
      (marked.sealed.get(sealed) ?? 0) > one!.sent * 0.9 &&
      isShare(marked.out.get(left), other!.sent) &&
      has(marked.sealed, isCopy ? [0, control, assured] : [0]) &&
      has(marked.out, [left]) &&
      missed === 0,
  }
}

/** Half as much again as that, to the other site. */
const flood = { ratePps: 900, bytes: 1_000, port: 9_200 }
const warmUpMs = 1_000

async function limited(lab: Lab, name: string, told: string, forSeconds: number): Promise<Check> {
  await reconfigure(lab, narrow, (config) => {
    config.peers[0].limit = told
  })
  const [from] = hostOf(lab, narrow)
  const [to, address] = hostOf(lab, wide)
  await using pace = await startPace(lab, from, to, address, flood)
  await pace.heard()
  await passed(warmUpMs)
  const before = await linkBytes(lab, wanOf(lab, narrow).link)
  await passed(forSeconds * 1_000)
  const share = bpsBetween(before, await linkBytes(lab, wanOf(lab, narrow).link)) / limitBps
  return {
    check: name,
    target: `± ${within * 100} %`,
    figure: `${((share - 1) * 100).toFixed(2)} %`,
    isOk: Math.abs(share - 1) <= within,
  }
}

function textOf({ sealed, out }: Marked): string {
  const list = (counts: ReadonlyMap<number, number>): string =>
    [...counts].map(([dscp, count]) => `${count} × ${dscp}`).join(', ')
  return `sealed ${list(sealed)}; out ${list(out)}`
}
