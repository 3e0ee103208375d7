/**
 * Where a flow goes: the datapath's hop with the configured prefix that has the destination; and what becomes of it where the
 * datapath leaves it to the kernel, by the conditions of plan/firewall.ts. Pure.
 */
import { contains, parseAddress, parseInterfaceAddress } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import type { Uplink } from '../model/device-config-uplink.ts'
import type { UplinkStatus } from '../model/local-api.ts'
import type { ExplainedRoute, Finding } from '../model/local-api-explain.ts'
import { exitOf } from './explain-exit.ts'
import { type ExplainFacts, listText, policyText } from './explain-facts.ts'
import { betweenPeersFinding } from './explain-relay.ts'
import { isInside, isIpv6, networkOf, privateRanges } from './prefix.ts'
import { isPrivate } from './route.ts'

export function routeOf(facts: ExplainFacts): ExplainedRoute {
  const { config, explanation, ask } = facts
  const isAway = explanation.hop === 'none' && explanation.from !== 'peer'
  const kind = isAway && whyNotAway(facts) === null ? 'internet' : explanation.hop
  const exit = kind === 'internet' ? exitOf(facts) : null
  const isLinked = explanation.port !== ''
  const found =
    explanation.from === 'nobody' ? null : longestPrefix(config, ask.destination, explanation.peer)
  return {
    kind,
    prefix: found?.prefix ?? null,
    owner: found?.owner ?? null,
    link: exit?.link ?? (isLinked ? explanation.port : null),
    nextHop: exit?.nextHop ?? (isLinked ? explanation.nextHop : null),
    source: exit?.source ?? null,
    isNextHopKnown: explanation.isNeighbourKnown,
    isByKernel: explanation.isByKernel || isAway,
  }
}

/** Both ends are in the network of one LAN here; its name, or null. */
export function sharedLan({ config, explanation, ask }: ExplainFacts): string | null {
  const { lans } = config
  const [from, to] = [ask.source, ask.destination].map((one) => longestPrefix(config, one))
  const isShared = from !== null && from?.prefix === to?.prefix && explanation.from === 'lan'
  return isShared && lans.some(({ name }) => name === from?.owner) ? (from?.owner ?? null) : null
}

/** What stands in the way by the configuration: nobody may send so, or nobody is there. */
export function routeFinding(facts: ExplainFacts): Finding | null {
  const { explanation, ask } = facts
  const { reason, peer, segment, toSegment, rule } = explanation
  switch (reason) {
    case 'inner_segment':
      return foreignVni(facts)
    case 'inner_source':
      return {
        cause: 'foreign-source',
        sentence: `${peer} has ${ask.source}, but not in ${segment}: what it sends so is dropped.`,
      }
    case 'acl':
      return { cause: 'acl-denied', sentence: aclText(rule, segment, toSegment) }
    case 'segment':
      if (explanation.from === 'nobody') return unknownSource(facts)
      return {
        cause: 'segment-denied',
        sentence: `It would cross from ${segment} into ${toSegment}, and no rule allows that.`,
      }
    case 'transit':
      return betweenPeersFinding(facts, longestPrefix(facts.config, ask.destination)?.owner ?? null)
    case 'transit_back':
    case 'transit_hub':
      return circleFinding(facts)
    case 'no_route':
      return {
        cause: 'no-route',
        sentence: `${peer} sent it here, but ${ask.destination} is in no LAN of ${segment}.`,
      }
  }
  if (explanation.hop === 'none' && explanation.from !== 'peer') return whyNotAway(facts)
  return null
}

/** Hubs that do not reach it themselves must not hand it to and fro. */
function circleFinding({ explanation, ask }: ExplainFacts): Finding {
  const { peer, reason } = explanation
  const only = reason === 'transit_back' ? `only ${peer} itself has` : 'only hubs have'
  const sentence = `It came from ${peer}, and ${only} ${ask.destination} here: it goes neither back nor from hub to hub.`
  return { cause: 'transit', sentence }
}

export function aclText(rule: string, segment: string, toSegment: string): string {
  if (rule !== '') return `Rule ${rule} denies it.`
  return segment === toSegment
    ? 'Its headers are such that no rule can be asked about it.'
    : `No rule allows it from ${segment} into ${toSegment}.`
}

export function foreignVni({ explanation, ask }: ExplainFacts): Finding {
  const { peer, segment } = explanation
  const from = peer === '' ? 'Its sender' : peer
  const own = segment === '' ? '' : `: that address is in ${segment}`
  return {
    cause: 'foreign-vni',
    sentence: `${from} sent it, from ${ask.source}, into a segment that it may not use here${own}.`,
  }
}

function unknownSource({ explanation, ask }: ExplainFacts): Finding {
  const where = explanation.segment === '' ? 'no segment of this box' : explanation.segment
  return {
    cause: 'unknown-source',
    sentence: `${ask.source} is in ${where}: no LAN and no peer has it.`,
  }
}

/** Null: it leaves to the Internet by an uplink. */
function whyNotAway(facts: ExplainFacts): Finding | null {
  const { config, explanation, ask, uplinks } = facts
  const { destination } = ask
  const found = longestPrefix(config, destination)
  if (found !== null) {
    const sentence = `${destination} is ${found.owner}'s (${found.prefix}), but the link to it is not there.`
    return { cause: 'no-route', sentence }
  }
  const connected = uplinks.flatMap(({ address }) => address.map(networkOf))
  if (isInside(destination, privateRanges) && !isInside(destination, connected)) {
    const sentence = `Nobody here has ${destination}, neither a LAN nor a peer, and a private address does not leave to the Internet.`
    return { cause: 'no-route', sentence }
  }
  if (explanation.reason === 'breakout') {
    const sentence = `No LAN and no peer has ${destination}, and ${policyText(explanation.policy)} keeps its flows from the Internet.`
    return { cause: 'breakout-denied', sentence }
  }
  const segment = config.segments.find(({ name }) => name === explanation.segment)
  if (explanation.from === 'lan' && segment?.breakout !== true) {
    const sentence = `No LAN and no peer has ${destination}, and ${explanation.segment} has no breakout to the Internet.`
    return { cause: 'no-breakout', sentence }
  }
  return deadExits(config.uplinks, uplinks, destination)
}

/** Null: one of the uplinks that lead to the Internet can send. */
function deadExits(
  uplinks: readonly Uplink[],
  statuses: readonly UplinkStatus[],
  destination: string,
): Finding | null {
  const exits = uplinks.filter((uplink) => !isPrivate(uplink)).map(({ name }) => name)
  const dead = statuses
    .filter(({ name }) => exits.includes(name))
    .flatMap(({ name, isUp, address }) => {
      const isAddressed = address.some((text) => isIpv6(text) === isIpv6(destination))
      if (isUp !== false && isAddressed) return []
      return isUp === false ? `${name} has no carrier` : `${name} has no address of its family`
    })
  if (exits.length === 0) {
    const sentence = 'No uplink of this box leads to the Internet.'
    return { cause: 'no-route', sentence }
  }
  if (dead.length < exits.length) return null
  return {
    cause: 'uplink-dead',
    sentence: `It would leave to the Internet, but ${listText(dead)}.`,
  }
}

/** Of the LANs' networks and of what is behind peers; of several that have it, the one that carries. */
function longestPrefix(
  { lans, peers }: DeviceConfig,
  destination: string,
  carrier = '',
): { readonly prefix: string; readonly owner: string } | null {
  const address = parseAddress(destination)!
  const all = [
    ...lans.flatMap(({ name, address: own }) =>
      own.map((text) => ({ owner: name, prefix: networkOf(text) })),
    ),
    ...peers.flatMap(({ name, segments }) =>
      Object.values(segments)
        .flat()
        .map((text) => ({ owner: name, prefix: networkOf(text) })),
    ),
  ]
  const fitting = all
    .map((one) => ({ ...one, parsed: parseInterfaceAddress(one.prefix)! }))
    .filter(({ parsed }) => contains(parsed, address))
    .toSorted(
      (one, other) =>
        other.parsed.bits - one.parsed.bits ||
        Number(other.owner === carrier) - Number(one.owner === carrier),
    )
  const [found] = fitting
  return found === undefined ? null : { prefix: found.prefix, owner: found.owner }
}
