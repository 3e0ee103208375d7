/**
 * Reads what dnsmasq has lent: a line a lease (`EXPIRY MAC ADDRESS NAME CLIENT-ID`, lease.c of dnsmasq). Names come from
 * hosts, who may call themselves anything: what is no name (RFC 1123 §2.1) is none.
 */
import { formatAddress, parseAddress } from '../../model/address.ts'
import { type HostLease, mostHostLeases } from '../../model/host-lease.ts'
import { systemDisk } from '../system/disk.ts'

const maxBytes = 2 * 1024 * 1024
const hostName = /^(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,7}$/

/** None where nothing was ever lent. @param nowMs by the clock that dnsmasq has, since 1970 @throws the system's error */
export async function readHostLeases(path: string, nowMs: number): Promise<HostLease[]> {
  const bytes = await systemDisk.read(path, maxBytes)
  return bytes === null ? [] : hostLeasesOf(Buffer.from(bytes).toString('utf8'), nowMs)
}

/** Those that have not expired; of IPv4, since of IPv6 hosts make their addresses themselves. */
export function hostLeasesOf(text: string, nowMs: number): HostLease[] {
  const leases: HostLease[] = []
  for (const line of text.split('\n')) {
    if (leases.length >= mostHostLeases) break
    const lease = leaseOf(line, nowMs)
    if (lease !== null) leases.push(lease)
  }
  return leases
}

function leaseOf(line: string, nowMs: number): HostLease | null {
  const [until = '', hardware = '', text = '', name = ''] = line.split(' ')
  const address = parseAddress(text)
  // Behind another type of hardware than Ethernet stands its number.
  const mac = /^(?:[0-9a-f]{2}-)?((?:[0-9a-f]{2}:){5}[0-9a-f]{2})$/i.exec(hardware)?.[1]
  if (!/^\d{1,12}$/.test(until) || address?.family !== 4 || mac === undefined) return null
  const expiresInMs = until === '0' ? null : Number(until) * 1000 - nowMs
  if (expiresInMs !== null && expiresInMs <= 0) return null
  return {
    address: formatAddress(address),
    mac: mac.toLowerCase(),
    hostName: hostName.test(name) ? name : null,
    expiresInMs,
  }
}
