/**
 * Flows that pass now: of the datapath's table, read part by part, and of the kernel's connections that leave with an address
 * of an uplink (NAT). Both are read when somebody asks, and bounded; nothing is counted for it.
 */

import type { Datapath } from '../../host/datapath/datapath.ts'
import type { Tools } from '../../host/diagnose/tools.ts'
import { byLine } from '../../host/system/follow.ts'
import { CausewayError } from '../../model/errors.ts'
import type { UplinkStatus } from '../../model/local-api.ts'
import type { FlowAnswer, FlowsAnswer } from '../../model/local-api-flow.ts'
import type { Counters } from '../../model/program.ts'
import type { TableFlow } from '../../model/table-flow.ts'
import type { NumberedUplinks } from '../../plan/path-status.ts'

const idleMs = 60_000
/** Of the table, of which the latest are told; and of the kernel. */
const mostRead = 2_048
const mostOfKernel = 150
const mostTold = 300
const kernelMs = 3_000

export interface FlowSources {
  readonly datapath: () => Pick<Datapath, 'flows'> | null
  readonly numbered: () => NumberedUplinks
  readonly uplinks: () => readonly UplinkStatus[]
  readonly counters: () => Counters | null
  readonly tools: Pick<Tools, 'follow'>
}

/** @throws API_NOT_READY, DATAPATH_ errors */
export async function flowsAnswer(sources: FlowSources): Promise<FlowsAnswer> {
  const datapath = sources.datapath()
  if (datapath === null) throw new CausewayError('API_NOT_READY', 'the datapath does not answer')
  const read = await datapath.flows(idleMs, mostRead)
  const kernel = await kernelFlows(sources)
  const latest = read.toSorted((one, other) => one.idleMs - other.idleMs)
  const ofTable = latest.map((flow) => tableFlow(flow, sources.numbered()))
  const table = sources.counters()?.flows
  return {
    flows: [...(kernel ?? []), ...ofTable].slice(0, mostTold),
    ...{ inUse: table?.inUse ?? null, places: table?.places ?? null },
    sentence: coverage(read.length, kernel),
  }
}

function coverage(count: number, kernel: readonly FlowAnswer[] | null): string {
  const table =
    'To peers: flows of the last minute for which there is something to decide (several paths, or policies); where a peer has one path and nothing is said, its packets need no place and are not listed.'
  const cut = count >= mostRead ? ` More than ${mostRead} passed: these are some of them.` : ''
  const rest =
    kernel === null
      ? ' What breaks out is not listed: the program `conntrack` is not there.'
      : ' To the Internet: what the kernel translates (NAT) now.'
  return `${table}${cut}${rest}`
}

function tableFlow(flow: TableFlow, numbered: NumberedUplinks): FlowAnswer {
  const { isBreakout, peer, uplink, packets, path } = flow
  const isHeld = !isBreakout && path === null
  return {
    verdict: isBreakout ? 'breaks-out' : isHeld ? 'held' : 'to-peer',
    ...{ source: flow.source, destination: flow.destination, protocol: flow.protocol },
    ...{ sourcePort: flow.sourcePort, destinationPort: flow.destinationPort },
    ...{ segment: flow.segment, peer, policy: flow.policy, class: flow.class },
    uplink: uplink === null ? null : (numbered[uplink]?.name ?? null),
    idleSeconds: flow.idleMs / 1000,
    ...{ packets, bytes: null, isMore: packets === 255 },
  }
}

/** Null: there is no such program. Format: `conntrack -L -o extended`. */
async function kernelFlows({ tools, uplinks }: FlowSources): Promise<FlowAnswer[] | null> {
  const byAddress = new Map(
    uplinks().flatMap(({ name, address }) =>
      address.map((text) => [text.split('/')[0]!, name] as const),
    ),
  )
  const found: FlowAnswer[] = []
  const enough = new AbortController()
  const onData = byLine((line) => {
    const flow = readConnection(line, byAddress)
    if (flow !== null && found.length < mostOfKernel) found.push(flow)
    if (found.length === mostOfKernel) enough.abort()
  })
  const argv = ['conntrack', '-L', '--src-nat', '-o', 'extended']
  try {
    await tools.follow(argv, { timeoutMs: kernelMs, signal: enough.signal, onData })
    return found
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'HOST_COMMAND_FAILED') return null
    throw error
  }
}

/** Null: none that leaves by one of these addresses. */
export function readConnection(
  line: string,
  uplinks: ReadonlyMap<string, string>,
): FlowAnswer | null {
  const [, protocol] = /^ipv[46]\s+\d+\s+\S+\s+(\d+)\s/.exec(line) ?? []
  if (protocol === undefined) return null
  // First as who began says it, then as answers do.
  const all = (key: string): string[] =>
    [...line.matchAll(new RegExp(`\\b${key}=([0-9a-fA-F.:]+)`, 'g'))].map(([, value]) => value!)
  const [source, , ...noMore] = all('src')
  const [destination, translated] = all('dst')
  const uplink = uplinks.get(translated ?? '')
  if (source === undefined || destination === undefined || uplink === undefined) return null
  if (noMore.length > 0) return null
  const sum = (key: string): number | null => {
    const counts = all(key)
    return counts.length === 0 ? null : counts.reduce((total, count) => total + Number(count), 0)
  }
  return {
    verdict: 'breaks-out',
    ...{ source, destination, protocol: Number(protocol) },
    sourcePort: Number(all('sport')[0] ?? 0),
    destinationPort: Number(all('dport')[0] ?? 0),
    ...{ segment: null, peer: null, uplink, policy: null, class: null, idleSeconds: null },
    ...{ packets: sum('packets'), bytes: sum('bytes'), isMore: false },
  }
}
