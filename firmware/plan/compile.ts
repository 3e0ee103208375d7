/**
 * Turns what the device is told to be, and the facts of the machine, into what the datapath and the kernel
 * must look like. Pure: the same input gives the same output, down to the order of lists.
 */
import type { DeviceConfig } from '../model/device-config.ts'
import { segmentTwinPrefix } from '../model/device-config-rules.ts'
import type { HostState, NicFacts, NicState, TwinState } from '../model/host-state.ts'
import type { PortProgram } from '../model/port-program.ts'
import type { Program } from '../model/program.ts'
import type { LeaseFacts } from '../model/service.ts'
import { isHub } from '../model/shared-prefix-rules.ts'
import {
  ethernetMtuBytes,
  leastMtuBytes,
  overlayOverhead6Bytes,
  overlayOverheadBytes,
} from '../model/units.ts'
import { decodeWireKey } from '../model/wire-key.ts'
import { compileAcl } from './acl.ts'
import { compileFirewall } from './firewall.ts'
import { compileOverlayRoutes } from './overlay-route.ts'
import { compilePaths } from './path.ts'
import { compileSteering } from './policy.ts'
import { findPorts, hasIpv6, type Port } from './ports.ts'
import { isIpv6, overlapsAny } from './prefix.ts'
import { compileRoutes, compileRules, insidePrefixes, tableOf } from './route.ts'
import { compileServices } from './service.ts'
import { compileSysctls } from './sysctl.ts'
import { bpsOf, compileUplink, noUplink } from './uplink.ts'

export interface Facts {
  /** HASH('cw1-mac1' ‖ own wire public key), one per own static key (wire.md). */
  readonly mac1Keys: readonly Uint8Array[]
  /** Name of the network namespace for the NICs. */
  readonly nicNetns: string
  /** NICs that are there, in whichever of the two namespaces. */
  readonly nics: readonly NicFacts[]
  /** What the DHCP clients were lent. */
  readonly leases: readonly LeaseFacts[]
  /** Prefixes that were inside a while ago: they are kept from the uplinks as well. Canonical. */
  readonly withheld: readonly string[]
  /** NICs of the configuration, as it writes them, that are known not to be there, though the kernel cannot say. */
  readonly lacking?: readonly string[]
}

/** An uplink that can be used now. */
export interface UplinkPlace {
  readonly name: string
  /** Canonical, with length; at least one. */
  readonly addresses: readonly string[]
}

export interface DesiredState {
  /** Generation 0: whoever loads it numbers it. */
  readonly program: Program
  readonly host: HostState
  /** NICs of the configuration that the machine does not have; their ports are left out. */
  readonly absentNics: readonly string[]
  /** Those whose NIC is there and that have an address. */
  readonly uplinks: readonly UplinkPlace[]
  /** Uplinks whose lease cannot be used, since its network is one of those inside. */
  readonly refusedLeases: readonly string[]
}

/** What fits a large buffer of the datapath with its headers: mbuf lengths are 16 bits. */
const bufferMaxBytes = 65_280
/** `rx-udp-gro-forwarding` lets sealed datagrams of one flow arrive as one buffer. */
const nicFeatures = ['rx-gro', 'rx-udp-gro-forwarding']
/** A NIC's own LRO forgets what a train was made of; GRO does not. */
const nicFeaturesOff = ['rx-lro']

export function compile(config: DeviceConfig, facts: Facts): DesiredState {
  const own = insidePrefixes(config)
  const leases = facts.leases.filter(({ address }) => !overlapsAny(address, own))
  const { ports, absentNics } = findPorts(config, facts.nics, leases, facts.lacking)
  const segmentTwins = nameSegmentTwins(config.segments.map(({ name }) => name))
  const inside = [...new Set([...own, ...facts.withheld])]
  const isV6 = ipv6Segments(config)
  const speaksV6 = new Map(
    [...segmentTwins].map(([segment, twin]) => [twin, isV6.has(segment)] as const),
  )
  return {
    program: compileProgram(config, facts, ports, segmentTwins),
    host: {
      netns: facts.nicNetns,
      nics: compileNics(ports),
      twins: [...ports.map(compileTwin), ...compileSegmentTwins(ports, speaksV6)],
      routes: compileRoutes(config, ports, segmentTwins, inside),
      rules: compileRules(ports),
      sysctls: compileSysctls(ports, speaksV6),
      firewall: compileFirewall({ config, ports, segmentTwins, inside }),
      services: compileServices(config, ports, leases, own),
    },
    absentNics,
    uplinks: ports
      .filter(({ role, addresses }) => role === 'uplink' && addresses.length > 0)
      .map(({ name, addresses }) => ({ name, addresses })),
    refusedLeases: facts.leases.filter((one) => !leases.includes(one)).map(({ device }) => device),
  }
}

/**
 * `seg-` and the segment's name, cut to the kernel's 15 bytes. Of two that would be cut alike, the later one in
 * the configuration gets a number in place of its end, so adding a segment at the end renames no other.
 */
export function nameSegmentTwins(names: readonly string[]): ReadonlyMap<string, string> {
  const twins = new Map<string, string>()
  const taken = new Set<string>()
  for (const name of names) {
    let twin = `${segmentTwinPrefix}${name}`.slice(0, 15)
    for (let number = 2; taken.has(twin); number++) {
      twin = `${`${segmentTwinPrefix}${name}`.slice(0, 14 - String(number).length)}-${number}`
    }
    taken.add(twin)
    twins.set(name, twin)
  }
  return twins
}

function compileProgram(
  config: DeviceConfig,
  { mac1Keys, nicNetns }: Facts,
  ports: readonly Port[],
  segmentTwins: ReadonlyMap<string, string>,
): Program {
  return {
    generation: 0,
    mac1Keys,
    ports: ports.map(
      ({ name, kind, nic, vlan, queues, mtuBytes, role, uplink, segment }): PortProgram => ({
        twin: name,
        kind,
        nic,
        nicNetns: kind === 'netdev' ? nicNetns : '',
        role,
        uplink,
        segment,
        vlan,
        queues,
        mtu: Math.min(mtuBytes, 0xffff),
        table: tableOf({ role, uplink }),
        ...(role === 'uplink' ? compileUplink(config, uplink) : noUplink),
      }),
    ),
    segments: config.segments.map(({ name, vni, limit = {} }) => ({
      name,
      vni,
      twin: segmentTwins.get(name)!,
      upBps: bpsOf(limit.up),
      downBps: bpsOf(limit.down),
    })),
    isTransit: config.overlay.transit === true,
    peers: config.peers.map((peer) => ({
      name: peer.name,
      identity: identityOf(config.tenant, peer.wireKey),
      isHub: isHub(peer),
      limitBps: bpsOf(peer.limit),
    })),
    routes: compileOverlayRoutes(config.peers),
    acl: compileAcl(config.acl),
    ...compileSteering(config),
    paths: compilePaths(config, ports),
  }
}

function compileNics(ports: readonly Port[]): NicState[] {
  const states = new Map<string, NicState>()
  for (const { facts } of ports) {
    if (facts === null) continue
    const { name, tsoMaxBytes } = facts
    states.set(name, {
      name,
      mtuBytes: nicMtu(facts, ports),
      gsoMaxBytes: Math.min(bufferMaxBytes, tsoMaxBytes ?? bufferMaxBytes),
      groMaxBytes: bufferMaxBytes,
      features: nicFeatures,
      featuresOff: nicFeaturesOff,
    })
  }
  return [...states.values()]
}

/** The largest that the ports on it are told to have; one that is told none is content with what there is, or more. */
function nicMtu(facts: NicFacts, ports: readonly Port[]): number | null {
  const onIt = ports.filter((port) => port.facts?.name === facts.name)
  const told = onIt.filter(({ isMtuTold }) => isMtuTold)
  const most = Math.max(0, ...told.map(({ mtuBytes }) => mtuBytes))
  return told.length > 0 && (told.length === onIt.length || most > facts.mtuBytes) ? most : null
}

function compileTwin({ name, facts, mtuBytes, addresses, validSeconds }: Port): TwinState {
  return {
    name,
    kind: 'tap',
    mac: facts?.mac ?? null,
    mtuBytes,
    gsoMaxBytes: bufferMaxBytes,
    addresses,
    validSeconds,
  }
}

/** Segments with a prefix of IPv6, here or behind a peer. */
function ipv6Segments({ lans, peers }: DeviceConfig): ReadonlySet<string> {
  const here = lans.filter(({ address }) => address.some(isIpv6)).map(({ segment }) => segment)
  const there = peers.flatMap(({ segments }) =>
    Object.entries(segments)
      .filter(([, prefixes]) => prefixes.some(isIpv6))
      .map(([segment]) => segment),
  )
  return new Set([...here, ...there])
}

/**
 * What fits into a sealed datagram on the narrowest uplink, and never more than plain Ethernet's share. IPv6 has a
 * least MTU, for which the overlay fragments (wire.md).
 * @param twins name → whether IPv6 is spoken in the segment
 */
function compileSegmentTwins(
  ports: readonly Port[],
  twins: ReadonlyMap<string, boolean>,
): TwinState[] {
  const room = ports
    .filter(({ role }) => role === 'uplink')
    .map((port) => port.mtuBytes - (hasIpv6(port) ? overlayOverhead6Bytes : overlayOverheadBytes))
  const narrowest = Math.min(ethernetMtuBytes - overlayOverheadBytes, ...room)
  return [...twins].map(([name, isV6]) => ({
    name,
    kind: 'tun',
    mac: null,
    mtuBytes: isV6 ? Math.max(narrowest, leastMtuBytes) : narrowest,
    gsoMaxBytes: bufferMaxBytes,
    addresses: [],
    validSeconds: null,
  }))
}

/** 16 bytes of the tenant, 32 of the peer's static key. */
function identityOf(tenant: string, wireKey: string): Uint8Array {
  const key = decodeWireKey(wireKey) ?? new Uint8Array(32)
  return Uint8Array.of(...Uint8Array.fromHex(tenant.replaceAll('-', '')), ...key)
}
