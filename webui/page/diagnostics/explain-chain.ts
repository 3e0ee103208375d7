/** The answer about a flow as the steps that a packet takes, each with what decided there. Pure. */
import { formatEndpoint } from '../../../firmware/model/address.ts'
import type { ExplainAnswer } from '../../../firmware/model/local-api-explain.ts'
import { bytes, delay } from '../../text/format.ts'

export type ChainStep = 'flow' | 'segment' | 'route' | 'rule' | 'policy' | 'peer' | 'path' | 'queue'

export type ChainTone = 'good' | 'warn' | 'bad' | 'info'

export interface ChainLink {
  readonly step: ChainStep
  readonly tone: ChainTone
  readonly text: string
}

const protocolNames: Readonly<Record<number, string>> = {
  ...{ 1: 'ICMP', 6: 'TCP', 17: 'UDP', 47: 'GRE', 50: 'ESP', 58: 'ICMPv6' },
}

export function protocolName(number: number): string {
  return protocolNames[number] ?? `protocol ${number}`
}

/** `10.1.0.10:443`; without a port the address alone. */
export function endText(address: string, port: number | null): string {
  return port === null || port === 0 ? address : formatEndpoint({ address, port })
}

/** In the order in which they are met. A step that is not reached is left out. */
export function chainOf(answer: ExplainAnswer): readonly ChainLink[] {
  const links: (ChainLink | null)[] = [
    { step: 'flow', tone: 'info', text: flowText(answer) },
    segmentLink(answer),
    routeLink(answer),
    ruleLink(answer),
    policyLink(answer),
    peerLink(answer),
    pathLink(answer),
    queueLink(answer),
  ]
  return links.filter((link) => link !== null)
}

function flowText({ flow }: ExplainAnswer): string {
  const { from, to, fromPort, toPort, protocol, dscp, server } = flow
  const marks = [
    protocolName(protocol),
    ...(dscp === 0 ? [] : [`mark ${dscp}`]),
    ...(server === null ? [] : [`to server ${server}`]),
  ]
  return `${endText(from, fromPort)} → ${endText(to, toPort)}, ${marks.join(', ')}`
}

function segmentLink({ comesFrom, fromPeer, segment, toSegment }: ExplainAnswer): ChainLink {
  const whence = {
    lan: 'from a LAN of this site',
    box: 'from the box itself',
    peer: 'from a peer',
    transit: `from ${fromPeer ?? 'a peer'}, in transit`,
    nobody: 'from nobody whom this box knows',
  }[comesFrom]
  const tone = comesFrom === 'nobody' ? 'bad' : 'good'
  if (segment === null) return { step: 'segment', tone, text: whence }
  const change = toSegment === null || toSegment === segment ? '' : ` to ${toSegment}`
  return { step: 'segment', tone, text: `${segment}${change}, ${whence}` }
}

function routeLink({ route, peer }: ExplainAnswer): ChainLink {
  const { kind, prefix, owner, link, nextHop, isNextHopKnown, isByKernel, source } = route
  const of = prefix === null ? '' : `${prefix} of ${owner ?? 'nobody'}`
  const by = isByKernel ? ', forwarded by the kernel' : ''
  const tone: ChainTone = kind === 'none' ? 'bad' : 'good'
  const texts = {
    peer: `${of}, to ${peer?.name ?? 'a peer'}`,
    link: `${of || 'a network here'}${link === null ? '' : `, by ${link}`}${by}`,
    box: `to the box itself${of === '' ? '' : ` (${of})`}`,
    internet: `to the Internet by ${link ?? 'no uplink'}${source === null ? '' : `, as ${source}`}`,
    none: of === '' ? 'nowhere: no prefix has it' : `nowhere, though ${of}`,
  }
  const hop = nextHop === null || kind === 'peer' ? '' : `, next hop ${nextHop}`
  const unknown =
    nextHop !== null && !isNextHopKnown && kind === 'link' ? ', which does not answer' : ''
  return {
    step: 'route',
    tone: unknown === '' ? tone : 'warn',
    text: `${texts[kind]}${hop}${unknown}`,
  }
}

function ruleLink({ rule }: ExplainAnswer): ChainLink | null {
  if (rule === null) return null
  const { name, allows } = rule
  const what = allows ? 'allows' : 'denies'
  const text =
    name === null
      ? `no rule fits: what holds between the segments ${what} it`
      : `${name} ${what} it`
  return { step: 'rule', tone: allows ? 'good' : 'bad', text }
}

function policyLink({ policy, class: name }: ExplainAnswer): ChainLink | null {
  if (policy === null) return null
  const { name: policyName, application } = policy
  const as = application === null ? '' : `, as ${application}`
  const kind = name === null ? '' : `, class ${name}`
  return { step: 'policy', tone: 'good', text: `${policyName}${as}${kind}` }
}

function peerLink({ peer }: ExplainAnswer): ChainLink | null {
  if (peer === null) return null
  const { name, hasSession } = peer
  const text = hasSession ? `${name}, with a session` : `${name}, without a session`
  return { step: 'peer', tone: hasSession ? 'good' : 'bad', text }
}

function pathLink({ paths, mtuBytes, place, route }: ExplainAnswer): ChainLink | null {
  const taken = paths.find(({ isTaken }) => isTaken)
  if (taken === undefined)
    return route.kind === 'peer' && paths.length > 0
      ? { step: 'path', tone: 'bad', text: 'none of its paths may carry it' }
      : null
  const { uplink, endpoint, latencySeconds } = taken
  const time = latencySeconds === null ? '' : `, ${delay(latencySeconds)}`
  const size = mtuBytes === null ? '' : `, packets of up to ${mtuBytes} bytes`
  const kept = place === 'known' ? ', on which the flow stays' : ''
  return { step: 'path', tone: 'good', text: `${uplink} to ${endpoint}${kept}${time}${size}` }
}

function queueLink({ queue }: ExplainAnswer): ChainLink | null {
  if (queue === null) return null
  const { uplink, waitingPackets, waitingBytes, meanSeconds } = queue
  const wait = meanSeconds === null ? '' : `; of late ${delay(meanSeconds)} on average`
  const now =
    waitingPackets === 0
      ? 'nobody waits before it'
      : `${waitingPackets} packets wait (${bytes(waitingBytes)})`
  return {
    step: 'queue',
    tone: waitingPackets === 0 ? 'good' : 'info',
    text: `${uplink}: ${now}${wait}`,
  }
}
