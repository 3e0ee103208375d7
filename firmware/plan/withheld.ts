/**
 * Prefixes that were inside a while ago and are not any more: a peer was removed, say. What still flows to them must not
 * fall into the clear, so they stay kept from the uplinks for a time, unless the configuration says that they are
 * outside now, or a lease does. Pure.
 */
import { parseEndpoint } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { staticAddresses } from '../model/device-config-uplink.ts'
import { isInside, overlapsAny } from './prefix.ts'

/** Longer than what flows without a pause survives its peer: TCP gives up after some minutes (RFC 9293 §3.8.3). */
export const withholdMs = 600_000

export interface Withheld {
  readonly prefix: string
  readonly untilMs: number
}

/**
 * What is withheld from now on.
 * @param before what was inside, and what was withheld, until now
 * @param inside what is inside from now on; all prefixes canonical
 * @param lent addresses with length that DHCP leases bring, as far as they may be used
 */
export function withhold(
  before: { readonly inside: readonly string[]; readonly withheld: readonly Withheld[] },
  inside: readonly string[],
  config: DeviceConfig,
  lent: readonly string[],
  nowMs: number,
): Withheld[] {
  const now = new Set(inside)
  const withdrawn = before.inside.map((prefix) => ({ prefix, untilMs: nowMs + withholdMs }))
  const all = new Map([...before.withheld, ...withdrawn].map((one) => [one.prefix, one]))
  return [...all.values()].filter(
    ({ prefix, untilMs }) =>
      !now.has(prefix) && untilMs > nowMs && !isOutside(prefix, config, lent),
  )
}

/** Whether the configuration needs something of it outside: an access network, a next hop, a peer, a server. */
function isOutside(
  prefix: string,
  { uplinks, peers, dns }: DeviceConfig,
  lent: readonly string[],
): boolean {
  const networks = [...uplinks.flatMap((uplink) => staticAddresses(uplink)), ...lent]
  const hosts = [
    ...uplinks.flatMap(({ gateway, gateway6 }) => [gateway, gateway6]),
    ...peers.flatMap(({ endpoints }) => endpoints.map((text) => parseEndpoint(text)?.address)),
    ...(dns?.servers ?? []),
  ].filter((host) => host !== undefined)
  return overlapsAny(prefix, networks) || hosts.some((host) => isInside(host, [prefix]))
}
