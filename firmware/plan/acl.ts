/**
 * The rules of `acl`, spelt out for the datapath and for the kernel: one protocol number, one range of ports and one
 * family each, in the order of the configuration. Pure.
 */
import { anyPorts, portsOf, protocolNumbers } from '../model/acl.ts'
import { type Family, formatPrefix, parseInterfaceAddress } from '../model/address.ts'
import type { AclRule } from '../model/device-config.ts'
import type { AclProgram } from '../model/program.ts'

/** One rule that is one comparison. */
export interface AclTerm {
  /** Of the configuration's rule. */
  readonly name: string
  readonly action: 'allow' | 'deny'
  readonly fromSegment: string
  readonly toSegment: string
  /** Canonical prefixes; null is every address. */
  readonly source: string | null
  readonly destination: string | null
  /** That of its prefixes or its protocol; null is both. */
  readonly family: Family | null
  /** 0 is any. */
  readonly protocol: number
  /** `anyPorts` where the rule names none. */
  readonly ports: readonly [first: number, last: number]
}

const icmp = 1
const icmp6 = 58

export function spellOut(acl: readonly AclRule[] | undefined): readonly AclTerm[] {
  return (acl ?? []).flatMap((rule) => {
    const source = canonical(rule.from.prefix)
    const destination = canonical(rule.to.prefix)
    return protocolNumbers(rule.protocol).flatMap((protocol): AclTerm[] => {
      const families = new Set([
        familyOf(source),
        familyOf(destination),
        familyOfProtocol(protocol),
      ])
      families.delete(null)
      // `icmp` between addresses of one family is that family's only.
      if (families.size > 1) return []
      const [family = null] = families
      const { name, action } = rule
      const sides = { fromSegment: rule.from.segment, toSegment: rule.to.segment }
      return portsOf(rule).map((ports) => ({
        name,
        action,
        ...sides,
        source,
        destination,
        family,
        protocol,
        ports,
      }))
    })
  })
}

export function compileAcl(acl: readonly AclRule[] | undefined): AclProgram[] {
  return spellOut(acl).map(({ source, destination, family, ports, ...rest }) => ({
    ...rest,
    source: source ?? '',
    destination: destination ?? '',
    sourcePorts: anyPorts,
    destinationPorts: ports,
  }))
}

function canonical(prefix: string | undefined): string | null {
  return prefix === undefined ? null : formatPrefix(parseInterfaceAddress(prefix)!)
}

function familyOf(prefix: string | null): Family | null {
  if (prefix === null) return null
  return prefix.includes(':') ? 6 : 4
}

function familyOfProtocol(protocol: number): Family | null {
  return protocol === icmp ? 4 : protocol === icmp6 ? 6 : null
}
