/** What cannot work in a configuration that breaks no rule, as sentences for people: `causeway check` tells it. Pure. */
import { parseAddress, parseEndpoint } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { defaultRelayRate } from '../model/device-config-overlay.ts'
import { defaultProfileName } from '../model/device-config-qos.ts'
import { staticAddresses } from '../model/device-config-uplink.ts'
import { rateBps } from '../model/units.ts'

/** Hubs answer STUN there. */
const stunPort = 3478
/** Handshakes and probes of one peer need some of it. */
const leastRelayBps = 64_000

export function configWarnings(config: DeviceConfig): string[] {
  return [
    ...lonelyPeers(config),
    ...mutePeers(config),
    ...missingRelay(config),
    ...stunEndpoints(config),
    ...hiddenHubs(config),
    ...relay(config),
    ...profiles(config),
  ]
}

/** Behind a NAT, as it seems, and without anybody who helps to meet others there. */
function lonelyPeers(config: DeviceConfig): string[] {
  const { peers, overlay } = config
  const hasHub = overlay.relay !== undefined || peers.some(({ role }) => role === 'hub')
  if (hasHub || isCallable(config)) return []
  return peers
    .filter(({ endpoints }) => endpoints.length === 0)
    .map(({ name }) => {
      const why = 'it has no endpoint, no address of this box is public, and no peer is a hub'
      return `${name} cannot be reached, unless a NAT forwards its calls: ${why}`
    })
}

function mutePeers({ peers }: DeviceConfig): string[] {
  return peers
    .filter(({ role, endpoints }) => role === 'hub' && endpoints.length === 0)
    .map(({ name }) => `${name} is a hub without endpoints: it cannot be asked to relay`)
}

/** What all call, as it seems, is the hub: those who call it do not meet without it. */
function missingRelay(config: DeviceConfig): string[] {
  const { peers, overlay } = config
  const isCalledAlone = peers.length > 1 && peers.every(({ endpoints }) => endpoints.length === 0)
  const hasHub = overlay.relay !== undefined || peers.some(({ role }) => role === 'hub')
  if (hasHub || !isCalledAlone || !isCallable(config)) return []
  return [
    'no peer has an endpoint, so all call this box, and it has no overlay.relay: they get no help to reach each other',
  ]
}

function stunEndpoints({ peers, overlay }: DeviceConfig): string[] {
  return peers.flatMap(({ name, endpoints }) =>
    endpoints
      .filter((endpoint) => parseEndpoint(endpoint)?.port === stunPort)
      .map(
        (endpoint) =>
          `endpoint ${endpoint} of ${name}: hubs answer STUN alone at ${stunPort}; its overlay.port (here ${overlay.port}) is meant`,
      ),
  )
}

/** By the Internet nobody reaches such an address. */
function hiddenHubs({ peers, uplinks }: DeviceConfig): string[] {
  if (uplinks.some(({ kind }) => kind === 'private')) return []
  return peers
    .filter(({ role, endpoints }) => role === 'hub' && endpoints.length > 0)
    .filter(({ endpoints }) =>
      endpoints.every((text) => isPrivateAddress(parseEndpoint(text)!.address)),
    )
    .map(
      ({ name, endpoints }) =>
        `${name} has private endpoints alone (${endpoints[0]}), which cannot be called over the Internet: ` +
        'is it behind a 1:1 NAT, and the public address meant?',
    )
}

function relay(config: DeviceConfig): string[] {
  const { rate = defaultRelayRate } = config.overlay.relay ?? {}
  if (config.overlay.relay === undefined) return []
  return [
    ...(isCallable(config)
      ? []
      : [
          'overlay.relay: a hub must be called, and no address of its uplinks is public. Behind a 1:1 NAT it works if the ' +
            `NAT forwards UDP ports ${portsOf(config)} here, and the other boxes have its public address as endpoint`,
        ]),
    ...(config.uplinks.every(({ address }) => address === 'dhcp')
      ? [
          'overlay.relay: all uplinks of this hub have their address by DHCP: when it is another one, nobody finds the hub ' +
            'until `endpoints` of the other boxes say it',
        ]
      : []),
    ...(rateBps(rate) < leastRelayBps
      ? [`overlay.relay.rate: ${rate} is less than 64k, which does not carry much but handshakes`]
      : []),
  ]
}

/** Of an uplink that names one, where no peer has a limit, in whose rate classes have their shares by any uplink. */
export const unshapedProfile = 'does nothing without `up`: what leaves by this uplink never waits'

function profiles({ uplinks, peers, profiles: own = [] }: DeviceConfig): string[] {
  const named = new Set(uplinks.map(({ profile = defaultProfileName }) => profile))
  const isLimited = peers.some(({ limit }) => limit !== undefined)
  return [
    ...uplinks
      .filter(({ profile, up }) => profile !== undefined && up === undefined && !isLimited)
      .map(({ name, profile }) => `profile ${profile} of ${name} ${unshapedProfile}`),
    ...own
      .filter(({ name }) => !named.has(name))
      .map(({ name }) => `profile ${name} is that of no uplink: it does nothing`),
  ]
}

function portsOf({ overlay: { port, ports = [] } }: DeviceConfig): string {
  return [port, ...ports, stunPort].join(', ')
}

function isCallable({ uplinks }: DeviceConfig): boolean {
  return uplinks.some(({ address: given, kind }) => {
    if (kind === 'private') return true
    return staticAddresses({ address: given }).some((text) => !isPrivateAddress(text))
  })
}

/** RFC 1918, RFC 6598 (carriers' NATs), RFC 4193, link-local. */
export function isPrivateAddress(text: string): boolean {
  const { family = 4, value = 0n } = parseAddress(text.split('/')[0]!) ?? {}
  const ranges = family === 4 ? privateRanges4 : privateRanges6
  const width = family === 4 ? 32n : 128n
  return ranges.some(([network, bits]) => value >> (width - bits) === network >> (width - bits))
}

const privateRanges4: readonly (readonly [bigint, bigint])[] = [
  [0x0a00_0000n, 8n],
  [0xac10_0000n, 12n],
  [0xc0a8_0000n, 16n],
  [0x6440_0000n, 10n],
  [0xa9fe_0000n, 16n],
]
const privateRanges6: readonly (readonly [bigint, bigint])[] = [
  [0xfc00n << 112n, 7n],
  [0xfe80n << 112n, 10n],
]
