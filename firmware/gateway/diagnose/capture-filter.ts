/**
 * A filter of fields as pcap-filter(7) has it. Made of words and of addresses as we write them: nothing that somebody typed
 * goes in as it was typed. Pure.
 */
import {
  formatAddress,
  formatPrefix,
  parseAddress,
  parseInterfaceAddress,
} from '../../model/address.ts'
import type { CaptureFilter } from '../../model/local-api-capture.ts'
import { refuse } from './place.ts'

/** @param vlan of the port on its NIC; null: the untagged frames of a NIC that others have tags on; undefined: all. @throws API_INVALID */
export function filterText(filter: CaptureFilter, vlan?: number | null): string {
  const { host, otherHost, net, port, protocol } = filter
  if (port !== undefined && protocol !== undefined && protocol !== 'tcp' && protocol !== 'udp')
    refuse('/filter/port', 'goes with tcp, udp or no protocol')
  const parts = [
    ...(host === undefined ? [] : [`host ${addressAt('host', host)}`]),
    ...(otherHost === undefined ? [] : [`host ${addressAt('otherHost', otherHost)}`]),
    ...(net === undefined ? [] : [`net ${prefixAt(net)}`]),
    ...(port === undefined ? [] : [`port ${port}`]),
    ...(protocol === undefined ? [] : [protocolText(protocol)]),
  ]
  const text = parts.join(' and ')
  // The word changes where all that follows looks for headers, so it comes first, or last where it is denied.
  if (typeof vlan === 'number') return text === '' ? `vlan ${vlan}` : `vlan ${vlan} and (${text})`
  if (vlan === null) return text === '' ? 'not vlan' : `(${text}) and not vlan`
  return text
}

function protocolText(protocol: NonNullable<CaptureFilter['protocol']>): string {
  if (protocol === 'icmp') return '(icmp or icmp6)'
  // Of IPv4 or, without extension headers, of IPv6.
  return typeof protocol === 'number' ? `(ip proto ${protocol} or ip6 proto ${protocol})` : protocol
}

function addressAt(field: string, text: string): string {
  const address = parseAddress(text)
  if (address === null) refuse(`/filter/${field}`, 'must be an IPv4 or IPv6 address')
  return formatAddress(address)
}

function prefixAt(text: string): string {
  const prefix = parseInterfaceAddress(text)
  if (prefix === null) refuse('/filter/net', 'must be a prefix as 10.1.0.0/16')
  return formatPrefix(prefix)
}
