/**
 * What somebody asks about a flow, as the datapath is asked: addresses read, protocol and mark by number, and what was left
 * out. Pure. IANA protocol numbers.
 */
import { protocolNumbers } from '../model/acl.ts'
import { type Address, formatAddress, isGlobal, parseAddress } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { dscpNumber } from '../model/dscp.ts'
import { CausewayError } from '../model/errors.ts'
import type { FlowQuestion } from '../model/explanation.ts'
import type { ExplainRequest } from '../model/local-api-explain.ts'
import { nearestOf } from '../model/nearest.ts'

const tcp = 6
/** TCP, UDP, DCCP, SCTP, UDP-Lite. */
const withPorts: ReadonlySet<number> = new Set([tcp, 17, 33, 132, 136])

/** @throws API_INVALID with `path` into the request */
export function questionOf(
  request: ExplainRequest,
  { segments }: Pick<DeviceConfig, 'segments'>,
): FlowQuestion {
  const source = addressAt('/from', request.from)
  const destination = addressAt('/to', request.to)
  if (source.family !== destination.family) refuse('/to', 'must be of the family of `from`')
  const { fromPort = 0, toPort = 0, segment = '', server = '', dscp = 0 } = request
  const protocol = protocolOf(request, source)
  if (!withPorts.has(protocol)) {
    if (fromPort !== 0) refuse('/fromPort', `is none of protocol ${protocol}, which has no ports`)
    if (toPort !== 0) refuse('/toPort', `is none of protocol ${protocol}, which has no ports`)
  }
  const names = segments.map(({ name }) => name)
  if (segment !== '' && !names.includes(segment)) {
    const nearest = nearestOf(segment, names)
    const meant = nearest === null ? '' : `: did you mean '${nearest}'?`
    refuse('/segment', `is no segment of this box${meant}`)
  }
  return {
    segment,
    source: formatAddress(source),
    destination: formatAddress(destination),
    sourcePort: fromPort,
    destinationPort: toPort,
    protocol,
    isAnyProtocol: request.protocol === undefined,
    dscp: dscpNumber(dscp),
    server: server.toLowerCase(),
  }
}

/** Whether all is told that the rules of an ACL ask for. */
export function isExact({ protocol, isAnyProtocol, destinationPort }: FlowQuestion): boolean {
  return !isAnyProtocol && (destinationPort !== 0 || !withPorts.has(protocol))
}

function protocolOf({ protocol, fromPort, toPort }: ExplainRequest, { family }: Address): number {
  if (protocol === undefined && (fromPort ?? toPort) !== undefined) return tcp
  const numbers = protocolNumbers(protocol ?? 'icmp')
  // ICMP is that of the family.
  return numbers[family === 4 ? 0 : numbers.length - 1]!
}

function addressAt(path: string, text: string): Address {
  const address = parseAddress(text)
  if (address === null) refuse(path, 'must be an IPv4 or IPv6 address')
  if (!isGlobal(address)) refuse(path, 'is of one link or one host alone: nothing is routed there')
  return address
}

function refuse(path: string, message: string): never {
  throw new CausewayError('API_INVALID', message, { path })
}
