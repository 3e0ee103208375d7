/**
 * What a rule of `acl` is spelt out: one protocol number and one range of ports each, as the datapath and the kernel
 * take them. Pure. IANA protocol numbers; ICMP is that of both families.
 */
import type { AclRule } from './device-config.ts'
import type { PortRange, Protocol } from './device-config-fields.ts'

/** All rules of a device, spelt out: a packet that none fits is compared with each. */
export const maxAclTerms = 1024

export type Ports = readonly [first: number, last: number]

/** Packets without ports, too. Later fragments fit also a rule that allows some ports, for they go with their first. */
export const anyPorts: Ports = [0, 65_535]

const numbers = { icmp: [1, 58], tcp: [6], udp: [17] } as const

/** 0 is any. */
export function protocolNumbers(protocol: Protocol | undefined): readonly number[] {
  if (protocol === undefined) return [0]
  return typeof protocol === 'number' ? [protocol] : numbers[protocol]
}

/** Null unless it begins at its end or before, and ends at 65535 or before. */
export function parsePorts(range: PortRange): Ports | null {
  const [first = 0, last = first] = String(range).split('-').map(Number)
  return first >= 1 && first <= last && last <= 65_535 ? [first, last] : null
}

/** The ranges of a rule that has passed every check, sorted, those that touch joined. */
export function portsOf({ ports }: Pick<AclRule, 'ports'>): readonly Ports[] {
  if (ports === undefined) return [anyPorts]
  const ranges = ports.map(parsePorts).filter((range) => range !== null)
  const joined: [number, number][] = []
  for (const [first, last] of ranges.toSorted((one, other) => one[0] - other[0])) {
    const before = joined.at(-1)
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else joined.push([first, last])
  }
  return joined
}

/** How many terms a rule becomes. */
export function termCount(rule: AclRule): number {
  return protocolNumbers(rule.protocol).length * portsOf(rule).length
}
