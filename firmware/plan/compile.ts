/**
 * Turns what the device is told to be, and the facts of the machine, into what the datapath and the kernel
 * must look like. Pure: the same input gives the same output, down to the order of lists.
 */
import { formatPrefix, parseInterfaceAddress } from '../model/address.ts'
import { type DeviceConfig, interfaceOf } from '../model/device-config.ts'
import { segmentTwinPrefix } from '../model/device-config-rules.ts'
import type { HostState, NicFacts, NicState, RouteState, TwinState } from '../model/host-state.ts'
import type { PortProgram, Program } from '../model/program.ts'
import { ethernetMtuBytes, overlayOverheadBytes } from '../model/units.ts'
import { decodeWireKey } from '../model/wire-key.ts'
import { compileFirewall } from './firewall.ts'
import { compileRoutes, compileRules, tableOf } from './route.ts'
import { compileSysctls } from './sysctl.ts'

export interface Facts {
  /** HASH('cw1-mac1' ‖ own wire public key), one per own static key (wire.md). */
  readonly mac1Keys: readonly Uint8Array[]
  /** Name of the network namespace for the NICs. */
  readonly nicNetns: string
  /** NICs that are there, in whichever of the two namespaces. */
  readonly nics: readonly NicFacts[]
}

export interface DesiredState {
  /** Generation 0: whoever loads it numbers it. */
  readonly program: Program
  readonly host: HostState
  /** NICs of the configuration that the machine does not have; their ports are left out. */
  readonly absentNics: readonly string[]
}

/** What fits a large buffer of the datapath with its headers: mbuf lengths are 16 bits. */
const bufferMaxBytes = 65_280
/** `rx-udp-gro-forwarding` lets sealed datagrams of one flow arrive as one buffer. */
const nicFeatures = ['rx-gro', 'rx-udp-gro-forwarding']
/** A NIC's own LRO forgets what a train was made of; GRO does not. */
const nicFeaturesOff = ['rx-lro']

/** A port of the configuration, with its place in it and the NIC as found. */
interface Port {
  readonly name: string
  readonly facts: NicFacts
  readonly mtuBytes: number
  readonly addresses: readonly string[]
  readonly role: 'uplink' | 'lan'
  readonly uplink: number
  readonly segment: string
}

export function compile(config: DeviceConfig, facts: Facts): DesiredState {
  const { ports, absentNics } = findPorts(config, facts)
  const segmentTwins = nameSegmentTwins(config.segments.map(({ name }) => name))
  const present = new Set(ports.map(({ name }) => name))
  const routes = compileRoutes(config, present, segmentTwins)
  return {
    program: compileProgram(config, facts, ports, segmentTwins),
    host: {
      netns: facts.nicNetns,
      nics: ports.map(compileNic),
      twins: [...ports.map(compileTwin), ...compileSegmentTwins(ports, segmentTwins)],
      routes: canonical(routes),
      rules: compileRules(config, present),
      sysctls: compileSysctls(config, present, segmentTwins),
      firewall: compileFirewall(config, segmentTwins.values()),
    },
    absentNics,
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

function findPorts(
  { uplinks, lans }: DeviceConfig,
  { nics }: Facts,
): { readonly ports: readonly Port[]; readonly absentNics: readonly string[] } {
  const byName = new Map(nics.map((nic) => [nic.name, nic]))
  const ports: Port[] = []
  const absentNics: string[] = []
  const find = (
    port: { name: string; nic: string; address: readonly string[]; mtu?: number },
    rest: Pick<Port, 'role' | 'uplink' | 'segment'>,
  ): void => {
    const found = byName.get(interfaceOf(port.nic))
    if (found === undefined) absentNics.push(interfaceOf(port.nic))
    else {
      const mtuBytes = port.mtu ?? found.mtuBytes
      ports.push({ name: port.name, facts: found, mtuBytes, addresses: port.address, ...rest })
    }
  }
  uplinks.forEach((uplink, number) => {
    find(uplink, { role: 'uplink', uplink: number, segment: '' })
  })
  for (const lan of lans) find(lan, { role: 'lan', uplink: 0, segment: lan.segment })
  return { ports, absentNics }
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
      ({ name, facts, role, uplink, segment }): PortProgram => ({
        twin: name,
        kind: 'netdev',
        nic: facts.name,
        nicNetns,
        role,
        uplink,
        segment,
        overlayPort: role === 'uplink' ? config.overlay.port : 0,
        vlan: 0,
        queues: 0,
        table: tableOf(role === 'uplink' ? uplink : 0),
      }),
    ),
    segments: config.segments.map(({ name, vni }) => ({
      name,
      vni,
      twin: segmentTwins.get(name)!,
    })),
    peers: config.peers.map(({ name, wireKey }) => ({
      name,
      identity: identityOf(config.tenant, wireKey),
    })),
    routes: config.peers.flatMap((peer) =>
      Object.entries(peer.segments).flatMap(([segment, prefixes]) =>
        prefixes.map((prefix) => ({ segment, prefix, peer: peer.name })),
      ),
    ),
    acl: [],
  }
}

function compileNic({ facts, mtuBytes }: Port): NicState {
  return {
    name: facts.name,
    mtuBytes,
    gsoMaxBytes: Math.min(bufferMaxBytes, facts.tsoMaxBytes ?? bufferMaxBytes),
    groMaxBytes: bufferMaxBytes,
    features: nicFeatures,
    featuresOff: nicFeaturesOff,
  }
}

function compileTwin({ name, facts, mtuBytes, addresses }: Port): TwinState {
  return { name, kind: 'tap', mac: facts.mac, mtuBytes, gsoMaxBytes: bufferMaxBytes, addresses }
}

/** What fits into a sealed datagram on the narrowest uplink, and never more than plain Ethernet's share. */
function compileSegmentTwins(
  ports: readonly Port[],
  segmentTwins: ReadonlyMap<string, string>,
): TwinState[] {
  const uplinks = ports.filter(({ role }) => role === 'uplink')
  const narrowest = Math.min(ethernetMtuBytes, ...uplinks.map(({ mtuBytes }) => mtuBytes))
  return [...segmentTwins.values()].map((name) => ({
    name,
    kind: 'tun',
    mac: null,
    mtuBytes: narrowest - overlayOverheadBytes,
    gsoMaxBytes: bufferMaxBytes,
    addresses: [],
  }))
}

/** Prefixes as the kernel prints them, so that a reading compares; each route once. */
function canonical(routes: readonly RouteState[]): RouteState[] {
  const byKey = new Map<string, RouteState>()
  for (const route of routes) {
    const prefix = formatPrefix(parseInterfaceAddress(route.prefix)!)
    byKey.set(`${route.table} ${prefix} ${route.metric}`, { ...route, prefix })
  }
  return [...byKey.values()]
}

/** 16 bytes of the tenant, 32 of the peer's static key. */
function identityOf(tenant: string, wireKey: string): Uint8Array {
  const key = decodeWireKey(wireKey) ?? new Uint8Array(32)
  return Uint8Array.of(...Uint8Array.fromHex(tenant.replaceAll('-', '')), ...key)
}
