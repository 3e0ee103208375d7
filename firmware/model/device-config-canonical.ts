/** Brings the addresses of a sound device configuration into canonical text (RFC 5952), so that equal ones are equal. */
import {
  formatAddress,
  formatEndpoint,
  formatInterfaceAddress,
  formatPrefix,
  parseAddress,
  parseEndpoint,
  parseInterfaceAddress,
} from './address.ts'
import type { AclRule, DeviceConfig } from './device-config.ts'

/** @param config one that has passed every check */
export function canonicalConfig(config: DeviceConfig): DeviceConfig {
  const { acl, applications, dns, overlay, recovery } = config
  const prefixOf = onceEach(prefixText)
  return {
    ...config,
    overlay: {
      ...overlay,
      ...(overlay.stun === undefined ? {} : { stun: overlay.stun.map(endpointText) }),
    },
    uplinks: config.uplinks.map((uplink) => ({
      ...uplink,
      address: uplink.address === 'dhcp' ? 'dhcp' : uplink.address.map(interfaceText),
      ...(uplink.gateway6 === undefined ? {} : { gateway6: addressText(uplink.gateway6) }),
    })),
    lans: config.lans.map((lan) => ({ ...lan, address: lan.address.map(interfaceText) })),
    peers: config.peers.map((peer) => ({
      ...peer,
      endpoints: peer.endpoints.map(endpointText),
      segments: Object.fromEntries(
        Object.entries(peer.segments).map(([name, list]) => [name, list.map(prefixOf)]),
      ),
    })),
    ...(acl === undefined
      ? {}
      : { acl: acl.map((rule) => ({ ...rule, from: sideOf(rule.from), to: sideOf(rule.to) })) }),
    ...(applications === undefined
      ? {}
      : {
          applications: applications.map((one) =>
            one.to === undefined ? one : { ...one, to: one.to.map(prefixText) },
          ),
        }),
    ...(recovery?.address === undefined
      ? {}
      : { recovery: { ...recovery, address: interfaceText(recovery.address) } }),
    ...(dns?.servers === undefined
      ? {}
      : { dns: { ...dns, servers: dns.servers.map(addressText) } }),
  }
}

/** Hubs have long lists, all the same. */
function onceEach(of: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    const found = known.get(text) ?? of(text)
    known.set(text, found)
    return found
  }
}

function sideOf(side: AclRule['from']): AclRule['from'] {
  return side.prefix === undefined ? side : { ...side, prefix: prefixText(side.prefix) }
}

function endpointText(text: string): string {
  return formatEndpoint(parseEndpoint(text)!)
}

function addressText(text: string): string {
  return formatAddress(parseAddress(text)!)
}

function interfaceText(text: string): string {
  return formatInterfaceAddress(parseInterfaceAddress(text)!)
}

function prefixText(text: string): string {
  return formatPrefix(parseInterfaceAddress(text)!)
}
