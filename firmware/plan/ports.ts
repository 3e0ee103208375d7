/** The ports of a configuration whose NIC is there, with what they are like now. Pure. */
import { type DeviceConfig, interfaceOf } from '../model/device-config.ts'
import type { NicFacts } from '../model/host-state.ts'
import { canonicalAddress, isIpv6 } from './prefix.ts'

/** A port of the configuration, with its place in it and the NIC as found. */
export interface Port {
  /** Also the name of its twin. */
  readonly name: string
  readonly facts: NicFacts
  readonly mtuBytes: number
  /** Canonical. */
  readonly addresses: readonly string[]
  /** Next hops of the default routes, at most one a family; none for a LAN. */
  readonly gateways: readonly string[]
  /** Whether its addresses come from the network: DHCP, and router advertisements (RFC 4862). */
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

export function findPorts({ uplinks, lans }: DeviceConfig, nics: readonly NicFacts[]): PortsFound {
  const byName = new Map(nics.map((nic) => [nic.name, nic]))
  const ports: Port[] = []
  const absentNics: string[] = []
  const find = (
    port: { name: string; nic: string; address: readonly string[]; mtu?: number },
    rest: Pick<Port, 'role' | 'uplink' | 'segment' | 'gateways'>,
  ): void => {
    const facts = byName.get(interfaceOf(port.nic))
    if (facts === undefined) absentNics.push(interfaceOf(port.nic))
    else {
      const mtuBytes = port.mtu ?? facts.mtuBytes
      const addresses = port.address.map(canonicalAddress)
      ports.push({ name: port.name, facts, mtuBytes, addresses, isDynamic: false, ...rest })
    }
  }
  uplinks.forEach((uplink, number) => {
    const gateways = uplink.gateway === undefined ? [] : [uplink.gateway]
    find(uplink, { role: 'uplink', uplink: number, segment: '', gateways })
  })
  for (const lan of lans) find(lan, { role: 'lan', uplink: 0, segment: lan.segment, gateways: [] })
  return { ports, absentNics }
}

/** Whether IPv6 is spoken on it. */
export function hasIpv6({ addresses, isDynamic }: Port): boolean {
  return isDynamic || addresses.some(isIpv6)
}
