/**
 * The word of a DHCP client about its lease: the script that it runs, and the reading of what that script wrote. Whoever
 * answers DHCP on an access network is a stranger, so nothing but well-formed unicast addresses passes. RFC 2131, 2132.
 */
import { join } from 'node:path'
import {
  contains,
  formatAddress,
  formatInterfaceAddress,
  type InterfaceAddress,
  isGlobal,
  isHostOf,
  parseAddress,
  parseInterfaceAddress,
} from '../../model/address.ts'
import { type HostPort, mostControllers, parseHostPort } from '../../model/host-port.ts'
import { type LeaseFacts, mostLeaseSeconds } from '../../model/service.ts'

const mostServers = 4
/** The least that a server may grant here. */
const leastSeconds = 30
/** No network of hosts is larger: a stranger takes no more of the Internet than that off its route. */
const leastBits = 8
/** Of a URI that says none (RFC 9110 §4.2.2). */
const httpsPort = 443

/** Beside this file, and run from there: Debian lets nobody run what lies below /run, nor an appliance what lies with its data. */
export const leaseScriptPath = join(import.meta.dirname, 'udhcpc.sh')

/** @param uptimeMs of the machine, now. Null: it is no lease, or it has expired. */
export function readLease(device: string, text: string, uptimeMs: number): LeaseFacts | null {
  const fields = new Map(
    text.split('\n').map((line) => {
      const [key = '', ...value] = line.split('=')
      return [key, value.join('=')] as const
    }),
  )
  const own = parseInterfaceAddress(`${fields.get('address')}/${fields.get('bits')}`)
  if (own === null || own.family !== 4 || own.bits < leastBits) return null
  if (!isGlobal(own.address) || !isHostOf(own, own.address)) return null
  const expiresInMs = expiryMs(fields) - uptimeMs
  if (!(expiresInMs > 0)) return null
  const servers = addressesOf(fields.get('dns')).slice(0, mostServers)
  return {
    device,
    address: formatInterfaceAddress(own),
    gateway: gatewayOf(own, fields.get('router')),
    dnsServers: servers,
    controllers: controllersOf(fields.get('controllers') ?? ''),
    expiresInMs,
  }
}

/** A list of URIs, each behind its length in two bytes, in hex: RFC 8572 §8.3. What is no `https://HOST[:PORT]` is passed over. */
function controllersOf(hex: string): HostPort[] {
  if (!/^([0-9a-fA-F]{2}){3,510}$/.test(hex)) return []
  const bytes = Buffer.from(hex, 'hex')
  const found: HostPort[] = []
  for (let at = 0; at + 2 <= bytes.length && found.length < mostControllers; ) {
    const end = at + 2 + bytes.readUInt16BE(at)
    if (end > bytes.length) break
    const [, place] = /^https:\/\/([^/]+)\/?$/.exec(bytes.toString('latin1', at + 2, end)) ?? []
    const read = place === undefined ? null : parseHostPort(place, httpsPort)
    if (read !== null) found.push(read)
    at = end
  }
  return found
}

function expiryMs(fields: ReadonlyMap<string, string>): number {
  const [at, lease] = [fields.get('at') ?? '', fields.get('lease') ?? '']
  if (!/^\d{1,12}(\.\d+)?$/.test(at) || !/^\d{1,10}$/.test(lease)) return Number.NaN
  const seconds = Math.min(Math.max(Number(lease), leastSeconds), mostLeaseSeconds)
  return (Number(at) + seconds) * 1000
}

/** The first router that is another host on the network. */
function gatewayOf(own: InterfaceAddress, text: string | undefined): string | null {
  const found = addressesOf(text).find((router) => {
    const address = parseAddress(router)!
    return contains(own, address) && isHostOf(own, address) && address.value !== own.address.value
  })
  return found ?? null
}

/** Those of IPv4 that a host can have. */
function addressesOf(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).flatMap((word) => {
    const address = parseAddress(word)
    return address !== null && address.family === 4 && isGlobal(address)
      ? [formatAddress(address)]
      : []
  })
}
