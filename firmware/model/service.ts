/**
 * The programs that serve the box beside the datapath (DHCP and DNS for the LANs, a DHCP client for an uplink) as
 * data: which must run, and what a DHCP client was lent. plan/ makes the first, host/service the rest.
 */

import type { HostPort } from './host-port.ts'

export interface ServiceState {
  /** Unique on the box, a plain word: `dnsmasq`, `udhcpc-wan0`. */
  readonly name: string
  readonly program: 'dnsmasq' | 'udhcpc'
  /** The uplink's twin that a DHCP client asks on; '' for dnsmasq. */
  readonly device: string
  /** What dnsmasq reads; for a DHCP client the network that it asks: a lease of another is none. */
  readonly config: string
}

/**
 * The longest that something is lent. One more is "for ever" (RFC 2131 §3.3), and so it is to the kernel, which would keep
 * what nobody renews.
 */
export const mostLeaseSeconds = 0xffff_fffe

/** What an uplink was lent (RFC 2131). */
export interface LeaseFacts {
  /** The uplink's twin. */
  readonly device: string
  /** With the length of its network. */
  readonly address: string
  /** Null: none was told. */
  readonly gateway: string | null
  /** At most 4. */
  readonly dnsServers: readonly string[]
  /** Where whoever runs the access network says that controllers are (option 143, RFC 8572 §8.1). At most 4. */
  readonly controllers: readonly HostPort[]
  /** From now. */
  readonly expiresInMs: number
}

export interface ServiceStatus {
  readonly name: string
  /** It runs, and has not ended time and again. */
  readonly isSteady: boolean
  /** Since the gateway started. */
  readonly restarts: number
}
