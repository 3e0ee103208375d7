/** The rules for `acl` of a device configuration: each entry means something, and has an effect. */
import { anyPorts, maxAclTerms, parsePorts, portsOf, protocolNumbers, termCount } from './acl.ts'
import { comparePrefixes, type InterfaceAddress, overlaps, type Prefix } from './address.ts'
import { type Claim, readPrefix } from './address-rules.ts'
import type { Refuse } from './config-rule.ts'
import type { AclRule } from './device-config.ts'
import type { Located, Parts } from './device-config-parts.ts'

/** @param claims everything that segments hold; null where that is not known */
export function checkAcl({ acl }: Parts, claims: readonly Claim[] | null, refuse: Refuse): void {
  if (acl.length === 0) return
  const meanings: Meaning[] = []
  const held = claims === null ? null : networksBySegment(claims)
  for (const { at, part } of acl) {
    const from = checkSide(`${at}/from`, part.from, held, refuse)
    const to = checkSide(`${at}/to`, part.to, held, refuse)
    if (from && to && from.family !== to.family) {
      refuse('acl-family', `${at}/to/prefix`, `is not of the family of ${part.from.prefix}`)
    }
    const hasPorts = checkPorts({ at, part }, 'acl', refuse)
    const isKnown = from !== undefined && to !== undefined && hasPorts
    if (isKnown) meanings.push({ at, rule: part, from, to })
  }
  const terms = acl.reduce((sum, { part }) => sum + termCount(part), 0)
  if (terms > maxAclTerms) {
    const message = `is ${terms} rules once spelt out; ${maxAclTerms} is the most`
    refuse('acl-size', '/acl', message)
    return
  }
  checkEffects(meanings, refuse)
}

/** A rule that has been read; a side without prefix is null. */
interface Meaning {
  readonly at: string
  readonly rule: AclRule
  readonly from: Prefix | null
  readonly to: Prefix | null
}

/** @returns null without a prefix, undefined once it is refused */
function checkSide(
  at: string,
  { segment, prefix }: AclRule['from'],
  held: ReadonlyMap<string, readonly Prefix[]> | null,
  refuse: Refuse,
): InterfaceAddress | null | undefined {
  if (prefix === undefined) return null
  const path = `${at}/prefix`
  const parsed = readPrefix(prefix, path, 'acl-prefix', refuse)
  if (parsed === null) return undefined
  if (held !== null && !isHeld(held.get(segment) ?? [], parsed)) {
    refuse('acl-prefix-inside', path, `'${segment}' has no such addresses`)
  }
  return parsed
}

/** What each segment has, sorted, without what lies in another: nothing in a list overlaps. */
function networksBySegment(claims: readonly Claim[]): ReadonlyMap<string, readonly Prefix[]> {
  const held = new Map<string, Prefix[]>()
  for (const claim of claims.toSorted(comparePrefixes)) {
    const list = held.get(claim.segment) ?? []
    const last = list.at(-1)
    if (last === undefined || !overlaps(last, claim)) list.push(claim)
    held.set(claim.segment, list)
  }
  return held
}

/** Only the last network that starts before the prefix, and the first that does not, can share addresses with it. */
function isHeld(networks: readonly Prefix[], prefix: Prefix): boolean {
  let [low, high] = [0, networks.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (comparePrefixes(networks[middle]!, prefix) < 0) low = middle + 1
    else high = middle
  }
  return [networks[low - 1], networks[low]].some(
    (one) => one !== undefined && overlaps(one, prefix),
  )
}

/** @returns whether they are sound */
export function checkPorts(
  { at, part: { ports, protocol } }: Located<Pick<AclRule, 'ports' | 'protocol'>>,
  rules: 'acl' | 'application',
  refuse: Refuse,
): boolean {
  if (ports === undefined) return true
  const hasPorts = protocolNumbers(protocol).every((number) => number === 6 || number === 17)
  if (!hasPorts) refuse(`${rules}-ports-protocol`, `${at}/ports`, 'needs protocol tcp or udp')
  const broken = ports.flatMap((range, index) => (parsePorts(range) === null ? [index] : []))
  for (const index of broken) {
    const message = 'must be a port or a range of ports, like 443 or 8000-8010'
    refuse(`${rules}-ports-range`, `${at}/ports/${index}`, message)
  }
  return hasPorts && broken.length === 0
}

/** Each with each before it: 256 rules are 32,640 comparisons. */
function checkEffects(meanings: readonly Meaning[], refuse: Refuse): void {
  for (const [index, later] of meanings.entries()) {
    const earlier = meanings
      .slice(0, index)
      .find((one) => one.rule.action !== later.rule.action && covers(one, later))
    if (earlier === undefined) continue
    const does = earlier.rule.action === 'allow' ? 'allows' : 'denies'
    refuse('acl-effective', later.at, `${earlier.at} before it ${does} all of this`)
  }
}

/** Whether every packet that fits the one also fits the other. */
function covers(wide: Meaning, narrow: Meaning): boolean {
  const protocols = protocolNumbers(wide.rule.protocol)
  return (
    wide.rule.from.segment === narrow.rule.from.segment &&
    wide.rule.to.segment === narrow.rule.to.segment &&
    holds(wide.from, narrow.from) &&
    holds(wide.to, narrow.to) &&
    (protocols[0] === 0 ||
      protocolNumbers(narrow.rule.protocol).every((number) => protocols.includes(number))) &&
    portsOf(narrow.rule).every((range) =>
      portsOf(wide.rule).some(
        (one) => one === anyPorts || (one[0] <= range[0] && one[1] >= range[1]),
      ),
    )
  )
}

function holds(wide: Prefix | null, narrow: Prefix | null): boolean {
  if (wide === null) return true
  return narrow !== null && wide.bits <= narrow.bits && overlaps(wide, narrow)
}
