/** Pieces of nftables' language that the chains share. Pure. */
import { ownMark } from '../model/host-state.ts'
import { isIpv6 } from './prefix.ts'

export interface Chain {
  /** The lines before its rules. */
  readonly head: readonly string[]
  readonly rules: readonly string[]
}

export interface NamedSet {
  readonly name: string
  readonly elements: readonly string[]
  readonly lines: readonly string[]
}

export const fromOutside = `iifgroup ${ownMark} iifname != @own`
export const toOutside = `oifgroup ${ownMark} oifname != @own`

/** Of connections to or from what is inside: conntrack keeps it, so it outlives the rules and what was inside then. */
export const insideMark = `ct mark ${ownMark}`
/** Notes a connection by its first direction: the answers to one that breaks out lead inside too. */
export const marksInside = `ct direction original ct mark set ${ownMark}`

/**
 * Answers to what was let through. What a side goes on sending is compared with the rules again, so that a rule that is
 * gone ends what it allowed.
 */
export const answers = ['ct state established ct direction reply accept', 'ct state related accept']

export function namedSet(
  name: string,
  type: string,
  elements: readonly string[],
  more: readonly string[] = [],
): NamedSet {
  const list = elements.length === 0 ? [] : [`    elements = { ${elements.join(', ')} }`]
  const lines = [`  set ${name} {`, `    type ${type}`, ...more, ...list, '  }']
  return { name, elements, lines }
}

export function setOf(elements: readonly string[]): string {
  return `{ ${elements.join(', ')} }`
}

/** One port as it is, several as a set. */
export function portsText(ports: readonly number[]): string {
  return ports.length === 1 ? String(ports[0]) : setOf(ports.map(String))
}

export function quoted(name: string): string {
  return `"${name}"`
}

/** Addresses or prefixes, each to its family. */
export function familiesOf(texts: readonly string[]): {
  readonly v4: readonly string[]
  readonly v6: readonly string[]
} {
  return {
    v4: texts.filter((text) => !isIpv6(text)),
    v6: texts.filter(isIpv6),
  }
}
