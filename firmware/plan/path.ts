/** Which pairs of an uplink here and an endpoint of a peer are worth trying: the paths of a program. Pure. */
import { parseEndpoint } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import type { PathProgram } from '../model/path-program.ts'
import { maxPeerPaths } from '../model/path-rules.ts'
import type { Port } from './ports.ts'
import { isIpv6 } from './prefix.ts'

/**
 * All of a family that both ends have, each uplink's first endpoints before any uplink's later ones, since a peer has room for
 * 16. An uplink that waits for its lease is among them: it has IPv4 when it has anything.
 */
export function compilePaths(config: DeviceConfig, ports: readonly Port[]): PathProgram[] {
  const uplinks = ports.filter(({ role }) => role === 'uplink')
  return config.peers.flatMap(({ name, endpoints }) => {
    const ways = uplinks.map((port) =>
      endpoints
        .map((text) => parseEndpoint(text)!)
        .filter(({ address }) => speaks(port, isIpv6(address)))
        .map(({ address, port: remotePort }) => ({
          peer: name,
          uplink: port.uplink,
          remoteAddress: address,
          remotePort,
        })),
    )
    const most = Math.max(0, ...ways.map(({ length }) => length))
    const inTurns = Array.from({ length: most }, (_, turn) =>
      ways.flatMap((list) => list[turn] ?? []),
    )
    return inTurns.flat().slice(0, maxPeerPaths)
  })
}

function speaks({ addresses, isDynamic }: Port, isV6: boolean): boolean {
  return addresses.some((text) => isIpv6(text) === isV6) || (isDynamic && !isV6)
}
