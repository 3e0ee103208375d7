/**
 * The rules of a NAT router: nftables and conntrack made to behave as RFC 4787 names it; nat.ts loads them. A mapping is a
 * random port, or the next one. What is the same for every destination is kept in two maps that the packets themselves fill: it
 * lives as long as it is used, and is another one afterwards. What nobody asked for is dropped before conntrack has noted it: an entry of it
 * would take the mapping's place. Hairpinning (§6) lets in whoever is inside.
 */
import { randomInt } from 'node:crypto'
import { bare, type NatDescription, type WanDescription } from './description.ts'
import { type NatKind, natBehaviours } from './nat-kind.ts'

export interface NatSettings {
  readonly kind: NatKind
  readonly publicAddress: string
  /** What it hides. */
  readonly inside: string
  /** Of a mapping and of what is let in by it; RFC 4787 §4.3 asks for 120 at least. */
  readonly timeoutSeconds: number
  readonly isHairpin: boolean
}

/** One router of an uplink: its addresses inside and outside, with prefix length, and what it sends all else to. */
export interface Hop {
  readonly inner: string
  readonly outer: string
  readonly gateway: string
}

/** More than any test makes. */
const maxMappings = 16_384
const ports = '1024-65535'
/** Those that a NAT counts through: more than are mapped at a time. */
const counted = { first: 20_000, count: 8_192 }
const udp = 'meta l4proto udp'
/** Another program may have changed a router before: the next zone must be none of its. */
let lastZone = randomInt(0x8000)

/** The NAT routers of an uplink, from the box on. */
export function hopsOf({ gateway: inner, nat }: WanDescription): Hop[] {
  if (nat === undefined) return []
  const { address: outer, gateway, carrier } = nat
  if (carrier === undefined) return [{ inner, outer, gateway }]
  return [
    { inner, outer: carrier.address, gateway: carrier.gateway },
    { inner: carrier.gateway, outer, gateway },
  ]
}

/** How the router of a hop begins. */
export function natSettings(nat: NatDescription, { inner, outer }: Hop): NatSettings {
  const { kind = 'port-restricted', timeoutSeconds = 120, isHairpin = false } = nat
  return { kind, inside: inner, publicAddress: bare(outer), timeoutSeconds, isHairpin }
}

/** What `nft -f` takes to have a router behave so from nothing, in one step: it begins with a zone of conntrack of its own. */
export function natRules(settings: NatSettings): string {
  const { kind, publicAddress, inside, timeoutSeconds } = settings
  const { mapping, filtering } = natBehaviours[kind]
  const dynamic = `size ${maxMappings}; flags dynamic,timeout; timeout ${timeoutSeconds}s;`
  const isKept = mapping === 'endpoint-independent'
  return `
    table ip nat
    delete table ip nat
    table ip nat {
      map outer { type ipv4_addr . inet_service : inet_service; ${dynamic} }
      map inner { type inet_service : ipv4_addr . inet_service; ${dynamic} }
      set met { type ipv4_addr . inet_service . ipv4_addr; ${dynamic} }
      chain epoch {
        type filter hook prerouting priority raw
        ct zone set ${++lastZone}
      }
      chain in {
        type nat hook prerouting priority dstnat
        ${settings.isHairpin ? '' : 'iifname != wan accept'}
        ${isKept ? `ip daddr ${publicAddress} dnat ip to udp dport map @inner` : ''}
      }
      chain own {
        type filter hook input priority filter
        ip daddr ${publicAddress} meta l4proto { tcp, udp } drop
      }
      chain pass {
        type filter hook forward priority filter
        ct state established,related accept
        ${kind === 'port-443' ? 'oifname wan udp dport != 443 drop' : ''}
        iifname != wan accept
        ${letIn[filtering]}
        drop
      }
      chain out {
        type nat hook postrouting priority srcnat
        oifname != wan ct status & dnat != dnat accept
        ip saddr != ${inside} accept
        ${isKept ? `${udp} snat to ${publicAddress} : ip saddr . udp sport map @outer` : ''}
        ${kind === 'symmetric-counting' ? `${udp} snat to ${publicAddress} : ${nextPort()}` : ''}
        meta l4proto { tcp, udp } snat to ${publicAddress} : ${ports} fully-random
        snat to ${publicAddress}
      }
      ${isKept ? learning(inside, publicAddress) : ''}
    }`
}

/** numgen has the byte order of the machine, ports that of the wire: hence by a map. */
function nextPort(): string {
  const list = Array.from({ length: counted.count }, (_, at) => `${at} : ${counted.first + at}`)
  return `numgen inc mod ${counted.count} map { ${list.join(', ')} }`
}

/** Packets of either direction keep a mapping; only those that leave open the filter. */
function learning(inside: string, publicAddress: string): string {
  return `
    chain learn {
      type filter hook postrouting priority srcnat + 10
      ct original ip saddr ${inside} jump begun-inside
      ct original ip daddr ${publicAddress} jump begun-outside
    }
    chain begun-inside {
      ${udp} update @outer { ct original ip saddr . ct original proto-src : ct reply proto-dst }
      ${udp} update @inner { ct reply proto-dst : ct original ip saddr . ct original proto-src }
      oifname wan ${udp} update @met { ct original ip saddr . ct original proto-src . ct original ip daddr }
    }
    chain begun-outside {
      ${udp} update @outer { ct reply ip saddr . ct reply proto-src : ct original proto-dst }
      ${udp} update @inner { ct original proto-dst : ct reply ip saddr . ct reply proto-src }
      oifname wan ${udp} update @met { ct reply ip saddr . ct reply proto-src . ct original ip saddr }
    }`
}

/** What a mapping takes from those to whom nothing was sent from it; a new entry of conntrack for each. */
const letIn = {
  'endpoint-independent': 'ct status dnat accept',
  address: 'ct status dnat ip daddr . udp dport . ip saddr @met accept',
  'address-and-port': '',
} as const

/** Sysctls below net/ that go with it. */
export function natSysctls({ timeoutSeconds }: NatSettings): Readonly<Record<string, number>> {
  return {
    'ipv4/ip_forward': 1,
    // On a bridge, all would be looked at twice.
    'bridge/bridge-nf-call-iptables': 0,
    'ipv4/conf/all/send_redirects': 0,
    'ipv4/conf/default/send_redirects': 0,
    'netfilter/nf_conntrack_udp_timeout': timeoutSeconds,
    'netfilter/nf_conntrack_udp_timeout_stream': timeoutSeconds,
  }
}

/** Addresses to which nothing passes, whatever the NAT; nft's lines. */
export const wallRules = `
  table ip wall {
    set blocked { type ipv4_addr; }
    chain pass {
      type filter hook forward priority filter - 10
      ip saddr @blocked drop
      ip daddr @blocked drop
    }
  }`

/** The firewall of a router that routes IPv6, as every home has it (RFC 6092); nft's lines. */
export const firewall6Rules = `
  table ip6 wall {
    counter unasked { }
    chain pass {
      type filter hook forward priority filter
      ct state established,related accept
      iifname != wan accept
      counter name unasked drop
    }
  }`
