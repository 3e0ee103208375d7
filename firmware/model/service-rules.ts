/** The rules for what the box does for its LANs, as a device configuration says: DHCP, DNS and the local API. */
import {
  contains,
  formatAddress,
  isGlobal,
  isHostOf,
  parseAddress,
  parseInterfaceAddress,
} from './address.ts'
import type { Refuse } from './config-rule.ts'
import type { Lan } from './device-config.ts'
import type { Located, Parts } from './device-config-parts.ts'
import { staticAddresses } from './device-config-uplink.ts'

export function checkServices(parts: Parts, refuse: Refuse): void {
  for (const lan of parts.lans) checkDhcp(lan, refuse)
  checkDns(parts, refuse)
  checkApi(parts, refuse)
}

function checkDhcp({ at, part: { dhcp, address } }: Located<Lan>, refuse: Refuse): void {
  if (dhcp === undefined) return
  const path = `${at}/dhcp`
  address.forEach((text, index) => {
    const own = parseInterfaceAddress(text)
    if (own?.family !== 6 || own.bits === 64) return
    refuse(
      'dhcp-length6',
      `${at}/address/${index}`,
      'has another length than 64, and LAN hosts make themselves addresses from it',
    )
  })
  const [from, to] = (['from', 'to'] as const).map((field) => {
    const parsed = parseAddress(dhcp[field])
    if (parsed?.family === 4) return parsed
    refuse('dhcp-form', `${path}/${field}`, 'must be an IPv4 address like 10.1.0.50')
    return null
  })
  const networks = address.map(parseInterfaceAddress).filter((one) => one?.family === 4)
  // A broken address of the LAN has been told; what it would have been is not known.
  if (!from || !to || networks.length < address.filter((text) => !text.includes(':')).length) return
  const network = networks.find((one) => one && contains(one, from) && isHostOf(one, from))
  if (!network) {
    refuse('dhcp-inside', `${path}/from`, 'is no host of an IPv4 network of this LAN')
  } else if (!contains(network, to) || !isHostOf(network, to)) {
    refuse('dhcp-inside', `${path}/to`, `is no host of the network of ${dhcp.from}`)
  } else if (to.value < from.value) {
    refuse('dhcp-forward', `${path}/to`, `is before ${dhcp.from}`)
  } else {
    const own = networks.find(
      (one) => one && one.address.value >= from.value && one.address.value <= to.value,
    )
    if (own)
      refuse('dhcp-others', path, `holds ${formatAddress(own.address)}, the box's own address`)
  }
}

function checkDns({ dns, uplinks, lans }: Parts, refuse: Refuse): void {
  const own = [
    ...uplinks.flatMap(({ part }) => staticAddresses(part)),
    ...lans.flatMap(({ part }) => part.address),
  ].map((text) => parseInterfaceAddress(text)?.address)
  const seen = new Map<string, string>()
  for (const [index, text] of (dns?.servers ?? []).entries()) {
    const path = `/dns/servers/${index}`
    const server = parseAddress(text)
    if (server === null) {
      refuse('dns-form', path, 'must be an address like 10.0.0.53 or 2001:db8::53')
      continue
    }
    const canonical = formatAddress(server)
    const earlier = seen.get(canonical)
    seen.set(canonical, path)
    if (!isGlobal(server)) refuse('dns-routable', path, 'no host can have this address')
    else if (earlier !== undefined) refuse('dns-once', path, `is already at ${earlier}`)
    else if (own.some((one) => one && formatAddress(one) === canonical)) {
      refuse('dns-other', path, "is this device's own: it would ask itself")
    }
  }
  if (/(^|\.)local$/.test(dns?.domain ?? '')) {
    refuse('dns-domain', '/dns/domain', "'local' is for mDNS (RFC 6762): take another")
  }
}

function checkApi({ api, segments, lans, isWhole }: Parts, refuse: Refuse): void {
  if ((api?.lan ?? 'off') === 'off' || !isWhole.segments || !isWhole.lans) return
  const admins = new Set(segments.filter(({ part }) => part.admin).map(({ part }) => part.name))
  if (lans.some(({ part }) => admins.has(part.segment))) return
  refuse('api-for-somebody', '/api/lan', "nobody could ask: no LAN is in a segment with 'admin'")
}
