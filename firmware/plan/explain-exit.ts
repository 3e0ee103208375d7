/**
 * By which uplink a flow leaves to the Internet: what the kernel makes of the routes of plan/route.ts; and whether there is
 * reason to doubt that uplink. Policies steer nothing of it. Pure.
 */
import type { ExplainedRoute, Finding } from '../model/local-api-explain.ts'
import type { Counters } from '../model/program.ts'
import type { ExplainFacts } from './explain-facts.ts'
import { addressOf, isInside, isIpv6, networkOf } from './prefix.ts'
import { breakoutOrder } from './route.ts'

export interface Exit {
  /** The uplink's name. */
  readonly link: string
  readonly nextHop: string
  /** What the far end sees it come from (NAT). */
  readonly source: string
}

/** Null: none of the uplinks that lead there can send. */
export function exitOf({
  config,
  ask: { destination },
  uplinks,
}: Pick<ExplainFacts, 'config' | 'ask' | 'uplinks'>): Exit | null {
  const isV6 = isIpv6(destination)
  const exits = breakoutOrder(config.uplinks).flatMap(({ uplink }) => {
    const status = uplinks.find(({ name }) => name === uplink.name)
    const own = status?.address.find((text) => isIpv6(text) === isV6)
    if (status === undefined || own === undefined || status.isUp === false) return []
    const isNear = isInside(destination, status.address.map(networkOf))
    const gateway = isV6 ? (uplink.gateway6 ?? null) : status.gateway
    const nextHop = isNear ? destination : gateway
    const source = addressOf(own)
    return nextHop === null ? [] : [{ link: uplink.name, nextHop, source, isNear }]
  })
  const found = exits.find(({ isNear }) => isNear) ?? exits[0]
  return found === undefined
    ? null
    : { link: found.link, nextHop: found.nextHop, source: found.source }
}

/** It may well not reach the Internet either. */
export function exitFinding(
  { numbered, counters }: ExplainFacts,
  { kind, link }: ExplainedRoute,
): Finding | null {
  const number = numbered.findIndex((uplink) => uplink?.name === link)
  if (kind !== 'internet' || number < 0 || counters === null) return null
  if (!isReachingNobody(number, counters)) return null
  const sentence = `Uplink ${link} reaches no peer, though it has a carrier.`
  return { cause: 'uplink-dead', sentence }
}

/** It reached peers that have a session, and not one now; of a single one that may be the peer's, unless others reach it. */
function isReachingNobody(number: number, { peers, paths }: Counters): boolean {
  const inSession = new Set(
    peers.filter(({ localIndex }) => localIndex !== 0).map(({ peer }) => peer),
  )
  const live = paths.filter(({ peer }) => inSession.has(peer))
  const own = live.filter(({ uplink, rttUs }) => uplink === number && rttUs !== null)
  if (own.length === 0 || own.some(({ state }) => state === 'up')) return false
  const lost = new Set(own.map(({ peer }) => peer))
  return lost.size > 1 || live.some(({ peer, state }) => lost.has(peer) && state === 'up')
}
