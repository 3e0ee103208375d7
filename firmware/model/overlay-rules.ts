/** The rules for the overlay's own ports, and for the STUN servers that a box asks. */
import {
  contains,
  formatAddress,
  formatEndpoint,
  isGlobal,
  parseAddress,
  parseEndpoint,
  parseInterfaceAddress,
} from './address.ts'
import type { Claim } from './address-rules.ts'
import type { ConfigRule, Refuse } from './config-rule.ts'
import type { Parts } from './device-config-parts.ts'
import { staticAddresses } from './device-config-uplink.ts'
import { filteringPorts, stunPort } from './nat.ts'

/** UDP ports of a box at its uplinks for others: DHCP's (RFC 2131), STUN's where it is a hub, and those of its own tests. */
const takenPorts: ReadonlyMap<number, string> = new Map([
  [67, 'DHCP'],
  [68, 'DHCP'],
  [stunPort, 'STUN'],
  ...Array.from(
    { length: filteringPorts.count },
    (_, at) => [filteringPorts.first + at, 'tests of NATs'] as const,
  ),
])

/** @param claims networks of uplinks, of LANs and of the overlay */
export function checkOverlay(parts: Parts, claims: readonly Claim[], refuse: Refuse): void {
  checkPorts(parts, refuse)
  checkStun(parts, claims, refuse)
}

function checkPorts({ overlay }: Parts, refuse: Refuse): void {
  if (overlay === null) return
  const first = new Map<number, string>()
  const all = [
    { at: '/overlay/port', port: overlay.port },
    ...(overlay.ports ?? []).map((port, index) => ({ at: `/overlay/ports/${index}`, port })),
  ]
  for (const { at, port } of all) {
    const earlier = first.get(port)
    const taken = takenPorts.get(port)
    if (taken !== undefined) refuse('overlay-port-free', at, `is for ${taken}`)
    else if (earlier !== undefined) refuse('overlay-port-once', at, `is already at ${earlier}`)
    else first.set(port, at)
  }
}

function checkStun(parts: Parts, claims: readonly Claim[], refuse: Refuse): void {
  const inside = claims.filter(({ kind }) => kind === 'lan' || kind === 'overlay')
  const own = ownAddresses(parts)
  const first = new Map<string, string>()
  for (const [index, text] of (parts.overlay?.stun ?? []).entries()) {
    const path = `/overlay/stun/${index}`
    const broken = (rule: ConfigRule, message: string): void => refuse(rule, path, message)
    const server = parseEndpoint(text)
    if (server === null) {
      broken('stun-form', 'must be the address and port of a host, like 203.0.113.5:3478')
      continue
    }
    const address = parseAddress(server.address)!
    const earlier = first.get(formatEndpoint(server))
    first.set(formatEndpoint(server), path)
    const network = inside.find((claim) => contains(claim, address))
    if (!isGlobal(address)) broken('stun-routable', 'no other host can have this address')
    else if (earlier !== undefined) broken('stun-once', `is already at ${earlier}`)
    else if (own.has(server.address)) broken('stun-other', "is this device's own address")
    else if (network !== undefined) broken('stun-outside', `lies in ${network.at}`)
  }
}

/** Canonical; those that cannot be read have been told. */
function ownAddresses({ uplinks, lans }: Parts): ReadonlySet<string> {
  const parsed = [
    ...uplinks.flatMap(({ part }) => staticAddresses(part)),
    ...lans.flatMap(({ part }) => part.address),
  ].map(parseInterfaceAddress)
  return new Set(parsed.flatMap((one) => (one === null ? [] : formatAddress(one.address))))
}
