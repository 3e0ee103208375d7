/**
 * The rules that span fields of a device configuration: names, NICs, keys, references. Each broken one is a coded
 * error with a JSON pointer. Addresses, services, `acl` and steering have rules in files of their own, and so has the overlay.
 */
import { checkAcl } from './acl-rules.ts'
import { type Claim, checkAddresses } from './address-rules.ts'
import { checkBox } from './box-rules.ts'
import { type ConfigRule, type Refusal, type Refuse, refusalOf } from './config-rule.ts'
import type { Lan, Peer } from './device-config.ts'
import { escapeToken } from './device-config-check.ts'
import type { Located, Parts } from './device-config-parts.ts'
import type { Uplink } from './device-config-uplink.ts'
import { deviceOf, interfaceOf, kindOf } from './nic.ts'
import { checkOverlay } from './overlay-rules.ts'
import { checkPathCount } from './path-rules.ts'
import { checkQos } from './qos-rules.ts'
import { checkServices } from './service-rules.ts'
import { checkSteering } from './steering-rules.ts'
import { decodeWireKey, encodeWireKey, isUsableWireKey } from './wire-key.ts'

export interface Rules {
  /** The own wire public key in base64, where it is known: a box that peers with itself is refused. */
  readonly ownWireKey?: string | undefined
}

/** All broken rules: of the ground, then of traffic, each by subject. */
export function checkRules(parts: Parts, rules: Rules = {}): Refusal[] {
  const ground = checkGround(parts, rules)
  return [...ground.refusals, ...checkTraffic(parts, ground.claims)]
}

export interface GroundVerdict {
  readonly refusals: readonly Refusal[]
  /** What the overlay's addresses are; null: not all are known. */
  readonly claims: readonly Claim[] | null
}

/** The rules that ask nothing of `acl`, `applications` and `policies`. */
export function checkGround(parts: Parts, rules: Rules = {}): GroundVerdict {
  const refusals: Refusal[] = []
  const refuse: Refuse = (...refusal) => refusals.push(refusalOf(...refusal))
  checkNames(parts, refuse)
  checkNics(parts, refuse)
  checkWireKeys(parts, rules.ownWireKey, refuse)
  const before = refusals.length
  checkSegments(parts, refuse)
  const claims = checkAddresses(parts, refuse)
  // Among claims that are incomplete, nothing can be said to be missing.
  const isComplete = refusals.length === before && parts.isWhole.lans && parts.isWhole.peers
  checkOverlay(parts, claims, refuse)
  checkServices(parts, refuse)
  checkBox(parts, refuse)
  checkQos(parts, refuse)
  checkPathCount(parts, refuse)
  return { refusals, claims: isComplete ? claims : null }
}

/** The rules for `acl`, `applications` and `policies`, on their ground. */
export function checkTraffic(parts: Parts, claims: readonly Claim[] | null): Refusal[] {
  const refusals: Refusal[] = []
  const refuse: Refuse = (...refusal) => refusals.push(refusalOf(...refusal))
  const { acl, applications, policies } = parts
  refuseRepeated(acl, 'name', ({ name }) => name, 'acl-name-once', refuse)
  refuseRepeated(applications, 'name', ({ name }) => name, 'application-name-once', refuse)
  refuseRepeated(policies, 'name', ({ name }) => name, 'policy-name-once', refuse)
  const before = refusals.length
  checkTrafficSegments(parts, refuse)
  checkAcl(parts, refusals.length === before ? claims : null, refuse)
  checkSteering(parts, refuse)
  return refusals
}

/** `all` and `default` are sysctl's words for every interface; `lo` exists already. */
const reservedNames = new Set(['all', 'default', 'lo', 'relay'])
/** The prefix of the segments' twins, which the firmware names itself. */
export const segmentTwinPrefix = 'seg-'

function checkNames(parts: Parts, refuse: Refuse): void {
  const { uplinks, segments, lans, peers, profiles, site } = parts
  const twins: readonly Located<Uplink | Lan>[] = [...uplinks, ...lans]
  const netdevs = twins.filter(({ part }) => kindOf(part.nic) === 'netdev')
  const nics = new Set(netdevs.map(({ part }) => interfaceOf(part.nic)))
  for (const { at, part } of twins) {
    const path = `${at}/name`
    if (reservedNames.has(part.name)) {
      refuse('name-reserved', path, `'${part.name}' is a word of the kernel`)
    }
    if (part.name.startsWith(segmentTwinPrefix)) {
      refuse('name-of-segment-twin', path, `'${segmentTwinPrefix}…' names the twins of segments`)
    }
    if (nics.has(part.name)) {
      refuse('name-of-nic', path, `'${part.name}' is a NIC; its twin needs a name of its own`)
    }
  }
  for (const { at, part } of peers) {
    if (part.name === site) refuse('peer-is-other', `${at}/name`, 'is the name of this site')
  }
  refuseRepeated(twins, 'name', ({ name }) => name, 'port-name-once', refuse)
  refuseRepeated(segments, 'name', ({ name }) => name, 'segment-name-once', refuse)
  refuseRepeated(peers, 'name', ({ name }) => name, 'peer-name-once', refuse)
  refuseRepeated(profiles, 'name', ({ name }) => name, 'profile-name-once', refuse)
}

function checkNics({ uplinks, lans, isWhole }: Parts, refuse: Refuse): void {
  const ports: readonly Located<Uplink | Lan>[] = [...uplinks, ...lans]
  const frames = ({ nic, vlan = 0 }: { nic: string; vlan?: number }): string =>
    `${deviceOf(nic)} ${vlan}`
  refuseRepeated(ports, 'nic', frames, 'nic-once', refuse)
  const opened = new Map<string, (typeof ports)[number]>()
  for (const { at, part } of ports) {
    const path = `${at}/queues`
    const { nic, queues } = part
    const earlier = opened.get(deviceOf(nic))
    if (kindOf(nic) !== 'pmd') {
      if (queues !== undefined) refuse('queues-of-pmd', path, "only 'pmd:' NICs have queues")
    } else if (earlier === undefined) opened.set(deviceOf(nic), { at, part })
    else if (earlier.part.nic !== nic) {
      refuse('nic-alike', `${at}/nic`, `${earlier.at} writes the same device ${earlier.part.nic}`)
    } else if ((earlier.part.queues ?? 1) !== (queues ?? 1)) {
      const says = earlier.part.queues ?? 1
      refuse('queues-agree', path, `${earlier.at} has the same NIC and says ${says}`)
    }
  }
  if (isWhole.uplinks) checkMtus({ uplinks, lans }, refuse)
}

/** A LAN that sends larger packets than any uplink carries would have them all refused or cut. */
function checkMtus({ uplinks, lans }: Pick<Parts, 'uplinks' | 'lans'>, refuse: Refuse): void {
  const largest = Math.max(...uplinks.map(({ part }) => part.mtu ?? Number.POSITIVE_INFINITY))
  for (const { at, part } of lans) {
    if (part.mtu === undefined || part.mtu <= largest) continue
    refuse('mtu-fits', `${at}/mtu`, `no uplink carries more than ${largest} bytes`)
  }
}

function checkSegments(parts: Parts, refuse: Refuse): void {
  const { segments, lans, peers, isWhole } = parts
  refuseRepeated(segments, 'vni', ({ vni }) => String(vni), 'vni-once', refuse)
  if (!isWhole.segments) return
  const check = segmentCheck(parts, refuse)
  for (const { at, part } of lans) check('lan-segment-known', `${at}/segment`, part.segment)
  for (const { at, part } of peers) {
    for (const name of Object.keys(part.segments)) {
      check('peer-segment-known', `${at}/segments/${escapeToken(name)}`, name)
    }
  }
}

function checkTrafficSegments(parts: Parts, refuse: Refuse): void {
  const { acl, policies, isWhole } = parts
  if (!isWhole.segments) return
  const check = segmentCheck(parts, refuse)
  for (const { at, part } of acl) {
    check('acl-segment-known', `${at}/from/segment`, part.from.segment)
    check('acl-segment-known', `${at}/to/segment`, part.to.segment)
  }
  for (const { at, part } of policies) {
    for (const [index, name] of (part.for?.segments ?? []).entries()) {
      check('policy-segment-known', `${at}/for/segments/${index}`, name)
    }
  }
}

function segmentCheck({ segments }: Parts, refuse: Refuse) {
  const known = new Set(segments.map(({ part }) => part.name))
  return (rule: ConfigRule, path: string, name: string): void => {
    if (!known.has(name)) refuse(rule, path, `there is no segment '${name.slice(0, 64)}'`)
  }
}

function checkWireKeys({ peers }: Parts, ownWireKey: string | undefined, refuse: Refuse): void {
  for (const { at, part } of peers) {
    const key = decodeWireKey(part.wireKey)
    const path = `${at}/wireKey`
    if (key === null || !isUsableWireKey(key)) {
      refuse('wire-key-usable', path, 'must be a usable X25519 public key: 32 bytes in base64')
    } else if (encodeWireKey(key) === ownWireKey) {
      refuse('wire-key-other', path, "is this device's own key")
    }
  }
  refuseRepeated(peers, 'wireKey', ({ wireKey }) => wireKey, 'wire-key-once', refuse)
  checkRelayPrefixes(peers, refuse)
}

/** So many bytes of a relay's key are in the address of a relayed way (wire/relay.ts): who is like a hub there was made so. */
const relayPrefixBytes = 4

function checkRelayPrefixes(peers: readonly Located<Peer>[], refuse: Refuse): void {
  const first = new Map<string, Located<Peer>>()
  for (const { at, part } of peers) {
    const prefix = decodeWireKey(part.wireKey)?.subarray(0, relayPrefixBytes).toHex()
    if (prefix === undefined) continue
    const earlier = first.get(prefix)
    if (earlier === undefined) first.set(prefix, { at, part })
    else if (earlier.part.wireKey !== part.wireKey) {
      refuse('wire-key-apart', `${at}/wireKey`, `begins like that of ${earlier.at}`)
    }
  }
}

/** Refuses every part whose key an earlier one has. */
function refuseRepeated<Part>(
  parts: readonly Located<Part>[],
  field: string,
  keyOf: (part: Part) => string,
  rule: ConfigRule,
  refuse: Refuse,
): void {
  const first = new Map<string, string>()
  for (const { at, part } of parts) {
    const key = keyOf(part)
    const earlier = first.get(key)
    if (earlier === undefined) first.set(key, at)
    else refuse(rule, `${at}/${field}`, `is already that of ${earlier}`)
  }
}
