/** The rules for what uplinks lead to: each peer's endpoints by one of them, and by each of them some endpoint. */
import { contains, type Family, type Prefix, parseInterfaceAddress } from './address.ts'
import type { Refuse } from './config-rule.ts'
import type { Parts } from './device-config-parts.ts'
import { staticAddresses, type Uplink } from './device-config-uplink.ts'

/** @param endpoints those of a peer; `network` is an endpoint's address */
export function checkReachable(
  path: string,
  endpoints: readonly Prefix[],
  { uplinks, isWhole }: Parts,
  refuse: Refuse,
): void {
  const isReached = (endpoint: Prefix): boolean =>
    uplinks.some(({ part }) => reaches(part, endpoint))
  if (!isWhole.uplinks || endpoints.some(isReached)) return
  const families = [...new Set(endpoints.map(({ family }) => `IPv${family}`))].join(' and ')
  refuse('endpoint-reachable', path, `no uplink has their network, or a gateway for ${families}`)
}

/** An uplink with an address of an endpoint's family reaches one; where none reaches any, that is told of the peers. */
export function checkUplinksReach(
  endpoints: readonly Prefix[],
  { uplinks, isWhole }: Parts,
  refuse: Refuse,
): void {
  const reaching = uplinks.filter(({ part }) => endpoints.some((one) => reaches(part, one)))
  if (!isWhole.uplinks || reaching.length === 0) return
  const called = new Set(endpoints.map(({ family }) => family))
  for (const uplink of uplinks) {
    if (reaching.includes(uplink)) continue
    const own = staticAddresses(uplink.part).map(parseInterfaceAddress)
    const family = own.map((one) => one?.family).find((one) => one !== undefined && called.has(one))
    if (family === undefined || own.includes(null)) continue
    const field = family === 4 ? 'gateway' : 'gateway6'
    const message = "is missing: no peer's endpoint is on a network of this uplink"
    refuse('uplink-reaches', `${uplink.at}/${field}`, message)
  }
}

function reaches(uplink: Uplink, { family, network }: Prefix): boolean {
  if (hasGateway(uplink, family)) return true
  const own = staticAddresses(uplink).map(parseInterfaceAddress)
  return own.some((one) => one !== null && contains(one, { family, value: network }))
}

function hasGateway({ address, gateway, gateway6 }: Uplink, family: Family): boolean {
  return family === 4 ? address === 'dhcp' || gateway !== undefined : gateway6 !== undefined
}
