/** The ports of a configuration whose NIC is there, with what they are like now. Pure. */
import type { DeviceConfig, Lan } from '../model/device-config.ts'
import { staticAddresses, type Uplink } from '../model/device-config-uplink.ts'
import type { NicFacts } from '../model/host-state.ts'
import { interfaceOf, kindOf } from '../model/nic.ts'
import type { PortProgram } from '../model/port-program.ts'
import { type LeaseFacts, mostLeaseSeconds } from '../model/service.ts'
import { ethernetMtuBytes } from '../model/units.ts'
import { addressOf, canonicalAddress, isIpv6 } from './prefix.ts'

/** A port of the configuration, with its place in it and the NIC as found. */
export interface Port {
  /** Also the name of its twin. */
  readonly name: string
  readonly kind: PortProgram['kind']
  /** Name of the NIC or device. */
  readonly nic: string
  /** 0: the untagged frames. */
  readonly vlan: number
  /** 0 unless the configuration says. */
  readonly queues: number
  /** Null for a pmd: the kernel does not know it. */
  readonly facts: NicFacts | null
  readonly mtuBytes: number
  /** The configuration says it; else it is the NIC's. */
  readonly isMtuTold: boolean
  /** Canonical. */
  readonly addresses: readonly string[]
  /** For how long they are lent; null: they are its own. */
  readonly validSeconds: number | null
  /** Next hops of the default routes, at most one a family; none for a LAN. */
  readonly gateways: readonly string[]
  /** Whether its address comes by DHCP. */
  readonly isDynamic: boolean
  readonly role: 'uplink' | 'lan'
  readonly uplink: number
  readonly segment: string
}

export interface PortsFound {
  readonly ports: readonly Port[]
  /** NICs of the configuration that the machine does not have. */
  readonly absentNics: readonly string[]
}

/** @param leases those that may be used @param lacking devices of DPDK's that it cannot have, as they are written */
export function findPorts(
  { uplinks, lans }: DeviceConfig,
  nics: readonly NicFacts[],
  leases: readonly LeaseFacts[],
  lacking: readonly string[] = [],
): PortsFound {
  const byName = new Map(nics.map((nic) => [nic.name, nic]))
  const ports: Port[] = []
  const absentNics: string[] = []
  const find = (
    port: Uplink | Lan,
    rest: Pick<Port, 'role' | 'uplink' | 'segment' | 'gateways'>,
  ): void => {
    const { name, vlan = 0, queues = 0 } = port
    const kind = kindOf(port.nic)
    const nic = interfaceOf(port.nic)
    const facts = (kind === 'netdev' ? byName.get(nic) : null) ?? null
    const isThere = kind === 'netdev' ? facts !== null : !lacking.includes(port.nic)
    if (!isThere) {
      if (!absentNics.includes(nic)) absentNics.push(nic)
      return
    }
    const mtuBytes = port.mtu ?? facts?.mtuBytes ?? ethernetMtuBytes
    const isDynamic = port.address === 'dhcp'
    const lent = isDynamic ? leases.filter(({ device }) => device === name) : []
    const addresses = [...staticAddresses(port), ...lent.map(({ address }) => address)].map(
      canonicalAddress,
    )
    const validSeconds = secondsOf(lent[0])
    const isMtuTold = port.mtu !== undefined
    const place = { name, kind, nic, vlan, queues, facts }
    const found = { ...place, mtuBytes, isMtuTold, addresses, validSeconds }
    ports.push({ ...found, isDynamic, ...rest })
  }
  uplinks.forEach((uplink, number) => {
    const lent = leases.find(({ device }) => device === uplink.name)?.gateway ?? undefined
    const gateways = [uplink.gateway ?? lent, uplink.gateway6].filter((one) => one !== undefined)
    find(uplink, { role: 'uplink', uplink: number, segment: '', gateways })
  })
  for (const lan of lans) find(lan, { role: 'lan', uplink: 0, segment: lan.segment, gateways: [] })
  return { ports: withoutOwnGateways(ports), absentNics }
}

/** A lease may name one that is another uplink's address: the kernel takes no route by itself. */
function withoutOwnGateways(ports: readonly Port[]): readonly Port[] {
  const own = new Set(ports.flatMap(({ addresses }) => addresses.map(addressOf)))
  return ports.map((port) => ({
    ...port,
    gateways: port.gateways.filter((gateway) => !own.has(gateway)),
  }))
}

function secondsOf(lease: LeaseFacts | undefined): number | null {
  if (lease === undefined) return null
  return Math.min(Math.max(Math.ceil(lease.expiresInMs / 1000), 1), mostLeaseSeconds)
}

/**
 * Whether IPv6 is spoken on it: not by DHCP, which lends IPv4. What routers there announce (RFC 4861) would be routes of the
 * kernel's before ours: whoever is on the access network could have addresses of LANs and of the overlay sent to it.
 */
export function hasIpv6({ addresses }: Port): boolean {
  return addresses.some(isIpv6)
}
