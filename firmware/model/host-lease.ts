/** What the box has lent to a host of one of its LANs (RFC 2131), as its DHCP server remembers it. */

export interface HostLease {
  readonly address: string
  readonly mac: string
  /** What the host calls itself; null: it said nothing, or nothing that is a name. */
  readonly hostName: string | null
  /** From now; null: never. */
  readonly expiresInMs: number | null
}

/** dnsmasq lends no more at once. */
export const mostHostLeases = 4096
