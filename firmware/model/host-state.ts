/**
 * The machine around the datapath as data: what it should look like (`HostState`), what it looks like
 * (`HostReading`), and the steps from one to the other. plan/ makes the first and the last, host/net the rest.
 * Names are interface names, addresses and prefixes canonical text (`10.1.0.1/24`).
 */

import type { ServiceState } from './service.ts'

/** Marks the firmware's links (group) and its routes and rules (protocol), see rtnetlink(7). */
export const ownMark = 203

/** The firewall's table, and who may speak to the box for a speed test: source, destination and TCP port, each for its own time. */
export const firewallTable = 'causeway'
export const speedSets = { 4: 'speed4', 6: 'speed6' } as const

export interface HostState {
  /** Named network namespace that holds the NICs, so that the kernel never answers on them. */
  readonly netns: string
  readonly nics: readonly NicState[]
  readonly twins: readonly TwinState[]
  readonly routes: readonly RouteState[]
  readonly rules: readonly RuleState[]
  readonly sysctls: readonly SysctlState[]
  readonly firewall: FirewallState
  /** Programs that serve the box; host/service runs them, no step of these. */
  readonly services: readonly ServiceState[]
}

/** A NIC in the NIC namespace: up, ALLMULTI, without addresses. */
export interface NicState {
  readonly name: string
  /** Null where the configuration does not say: it stays what it is, whoever changes it. */
  readonly mtuBytes: number | null
  /** Largest buffer, in bytes, that the kernel builds for it or out of what it receives. */
  readonly gsoMaxBytes: number
  readonly groMaxBytes: number
  /** Names of ethtool features that must be on, and of those that must not. */
  readonly features: readonly string[]
  readonly featuresOff: readonly string[]
}

/** The kernel's end of a NIC (TAP) or of a segment (TUN): persistent, multi-queue, with vnet_hdr. */
export interface TwinState {
  readonly name: string
  readonly kind: 'tap' | 'tun'
  /** That of the NIC; null for a TUN, which has none. */
  readonly mac: string | null
  readonly mtuBytes: number
  readonly gsoMaxBytes: number
  readonly addresses: readonly string[]
  /** After which the kernel takes its addresses away by itself (RFC 2131 §4.4.5); null: never. Below 2^32 - 1. */
  readonly validSeconds: number | null
}

/** Identity is (table, prefix, metric). */
export interface RouteState {
  readonly prefix: string
  readonly table: number
  readonly metric: number
  readonly kind: 'unicast' | 'unreachable'
  /** Twin and next hop; null where there is none. */
  readonly device: string | null
  readonly via: string | null
  /** Preferred source address. */
  readonly source: string | null
}

/** What is sent from an address, or by a device, is routed by a table of its own. */
export interface RuleState {
  readonly family: 4 | 6
  readonly priority: number
  /** One of both; null is any. */
  readonly from: string | null
  readonly device: string | null
  readonly table: number
}

/** `scope` says which namespace's; `key` has slashes (`net/ipv4/ip_forward`), since names may hold dots. */
export interface SysctlState {
  readonly scope: 'own' | 'nic'
  readonly key: string
  readonly value: string
}

/** The one nftables table of the firmware. */
export interface FirewallState {
  readonly text: string
  /** Identifies `text`; the running table carries it as its comment. */
  readonly fingerprint: string
  readonly ruleCount: number
  /** Each named set with what it holds (`inside4 10.0.0.0-10.0.255.255`), as `coverageOf` says it, sorted. */
  readonly sets: readonly string[]
}

export interface NicFacts {
  readonly name: string
  readonly mac: string
  readonly mtuBytes: number
  /** Above it the driver refuses a `gso_max_size`; null where the kernel does not tell (before 5.19). */
  readonly tsoMaxBytes: number | null
}

/** What can be told of a NIC to whoever chooses one; and of a TAP, which may tell of a NIC that the kernel does not see. */
export interface NicLink extends Omit<NicFacts, 'tsoMaxBytes'> {
  /** Null where the kernel does not know. */
  readonly hasCarrier: boolean | null
  /** Null without a carrier, or where it does not say. */
  readonly speedBps: number | null
  /** Where it is plugged in, as the bus calls it (`0000:01:00.0`); null of what is plugged in nowhere. */
  readonly place: string | null
  /** The twin of a NIC, or what somebody else made. */
  readonly isTap: boolean
}

export interface LinkReading extends NicFacts {
  readonly isUp: boolean
  readonly isAllmulti: boolean
  readonly gsoMaxBytes: number
  readonly groMaxBytes: number
  /** A TAP or TUN: which, and whether it is persistent, multi-queue, with vnet_hdr and without PI. */
  readonly tunnel: { readonly kind: 'tap' | 'tun'; readonly isFit: boolean } | null
  /** Whether it bears the firmware's mark, which says that the firmware may remove it. */
  readonly isOurs: boolean
  readonly addresses: readonly string[]
  /** What is left to those of them that the kernel takes away by itself, in seconds. */
  readonly validSeconds: Readonly<Record<string, number>>
  /** Features by ethtool's name; only read for NICs. */
  readonly features: Readonly<Record<string, FeatureState>>
}

export interface FeatureState {
  readonly isOn: boolean
  /** Asking for a change would only fail. */
  readonly isFixed: boolean
}

export interface HostReading {
  readonly hasNetns: boolean
  /** Whether this kernel speaks IPv6 at all. */
  readonly hasIpv6: boolean
  /** Links of the own namespace and of the NICs' one. */
  readonly links: readonly LinkReading[]
  readonly nics: readonly LinkReading[]
  /** Only what bears the firmware's protocol number. */
  readonly routes: readonly RouteState[]
  readonly rules: readonly RuleState[]
  /** Values of the sysctls asked for; those that this kernel lacks are absent. */
  readonly sysctls: readonly SysctlState[]
  readonly firewall: Omit<FirewallState, 'text'> | null
}

/**
 * One change. Each can be repeated without harm and leaves the machine in a safe state if it is the last. To remove
 * what is gone already is success.
 */
export type Step =
  | { readonly kind: 'add-netns'; readonly netns: string }
  | { readonly kind: 'set-sysctl'; readonly netns: string; readonly sysctl: SysctlState }
  | { readonly kind: 'load-firewall'; readonly firewall: FirewallState }
  | { readonly kind: 'move-nic'; readonly netns: string; readonly nic: string }
  | { readonly kind: 'set-nic'; readonly netns: string; readonly nic: NicState }
  /** Names of ethtool features. */
  | {
      readonly kind: 'set-features'
      readonly netns: string
      readonly nic: string
      readonly on: readonly string[]
      readonly off: readonly string[]
    }
  /** `replace-twin`: its name is taken by one of ours that cannot serve. */
  | { readonly kind: 'add-twin' | 'replace-twin'; readonly twin: TwinState }
  | { readonly kind: 'set-twin'; readonly twin: TwinState }
  /** Or gives it another time to live; `validSeconds` as for a twin. */
  | {
      readonly kind: 'add-address'
      readonly device: string
      readonly address: string
      readonly validSeconds: number | null
    }
  | { readonly kind: 'remove-address'; readonly device: string; readonly address: string }
  | { readonly kind: 'set-route' | 'remove-route'; readonly route: RouteState }
  | { readonly kind: 'add-rule' | 'remove-rule'; readonly rule: RuleState }
  | { readonly kind: 'remove-twin'; readonly name: string }
  /** Back to the gateway's own namespace. */
  | { readonly kind: 'return-nic'; readonly netns: string; readonly nic: string }
