/** The rules for `applications` and `policies` of a device configuration, and for what they say about uplinks. */

import { protocolNumbers } from './acl.ts'
import { checkPorts } from './acl-rules.ts'
import { holdsSpecial } from './address.ts'
import { readPrefix } from './address-rules.ts'
import { applicationsByName, maxSteeringTerms, termCount } from './application.ts'
import type { Refuse } from './config-rule.ts'
import type { Located, Parts } from './device-config-parts.ts'
import type { Application, Policy, PolicyFlows } from './device-config-steering.ts'
import type { Uplink } from './device-config-uplink.ts'
import { dscpNumber } from './dscp.ts'
import { nearestOf } from './nearest.ts'
import { type Applications, defaultPolicyName, policyTermCount } from './policy.ts'

export function checkSteering(parts: Parts, refuse: Refuse): void {
  const { applications, policies, uplinks, isWhole } = parts
  const known = applicationsByName(applications.map(({ part }) => part))
  const broken = brokenApplications(applications, refuse)
  for (const policy of policies) {
    checkFlows(policy, known, isWhole.applications ? broken : null, refuse)
    if (isWhole.uplinks) checkUplinks(policy, uplinks, refuse)
  }
  checkEffects(policies, refuse)
  checkSize(parts, known, refuse)
  if (isWhole.uplinks && uplinks.every(({ part }) => part.backup === true)) {
    refuse('uplink-regular', '/uplinks', 'are all for when no other one is usable')
  }
}

/** By what is wrong itself nothing else is judged. @returns names */
function brokenApplications(
  applications: readonly Located<Application>[],
  refuse: Refuse,
): ReadonlySet<string> {
  const broken = new Set<string>()
  for (const application of applications) {
    checkApplication(application, (...refusal) => {
      broken.add(application.part.name)
      refuse(...refusal)
    })
  }
  return broken
}

function checkApplication({ at, part }: Located<Application>, refuse: Refuse): void {
  const { to, protocol, ports, names, dscp } = part
  if ([to, protocol, ports, names, dscp].every((criterion) => criterion === undefined)) {
    refuse('application-criterion', at, 'says nothing of its flows: all would be its own')
  }
  for (const [index, text] of (to ?? []).entries()) {
    const path = `${at}/to/${index}`
    const prefix = readPrefix(text, path, 'application-prefix', refuse)
    if (prefix !== null && holdsSpecial(prefix)) {
      refuse('application-prefix-routable', path, 'holds addresses that no host can have')
    }
  }
  checkPorts({ at, part }, 'application', refuse)
  const isNamed = protocolNumbers(protocol).every((number) => [0, 6, 17].includes(number))
  if (names !== undefined && !isNamed) {
    refuse('application-names-protocol', `${at}/names`, 'are told by TLS (tcp) and QUIC (udp) only')
  }
}

/** @param broken applications; null: not all are known */
function checkFlows(
  { at, part }: Located<Policy>,
  known: Applications,
  broken: ReadonlySet<string> | null,
  refuse: Refuse,
): void {
  const { name, for: flows } = part
  const path = `${at}/for`
  if (name === defaultPolicyName) {
    if (flows === undefined) return
    refuse('policy-default', path, "'default' is that of all flows that no other policy is for")
    return
  }
  if (flows === undefined || Object.keys(flows).length === 0) {
    refuse('policy-for', path, `says nothing: all flows would be those of '${name}'`)
    return
  }
  if (broken === null) return
  const unknown = (flows.applications ?? []).flatMap((one, index) =>
    known.has(one) ? [] : [{ one, index }],
  )
  for (const { one, index } of unknown) {
    const nearest = otherNames.get(one) ?? nearestOf(one, [...known.keys()])
    const hint = nearest === null ? '' : `; did you mean '${nearest}'?`
    const message = `there is no application '${one}'${hint}`
    refuse('policy-application-known', `${path}/applications/${index}`, message)
  }
  const isJudged = unknown.length === 0 && !flows.applications?.some((one) => broken.has(one))
  if (isJudged && policyTermCount(part, known) === 0) {
    refuse('policy-possible', `${path}/dscp`, 'is no mark of any of its applications')
  }
}

/** What well-known applications are called elsewhere. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['voip', 'voice'],
  ['rtp', 'voice'],
  ['telephony', 'voice'],
])

/** What is asked of uplinks can be had, and is no contradiction. */
function checkUplinks(
  { at, part }: Located<Policy>,
  uplinks: readonly Located<Uplink>[],
  refuse: Refuse,
): void {
  const { kinds, metered, prefer = [] } = part
  const all = uplinks.map((uplink) => uplink.part)
  const isOfKind = ({ kind = 'internet' }: Uplink): boolean => kinds?.includes(kind) !== false
  const isPaid = (uplink: Uplink): boolean => metered === 'never' && uplink.metered === true
  const ofKind = all.filter(isOfKind)
  if (ofKind.length === 0) {
    refuse('policy-uplink-left', `${at}/kinds`, 'no uplink is of these')
    return
  }
  if (ofKind.every(isPaid)) {
    refuse('policy-uplink-left', `${at}/metered`, 'every uplink that is left is metered')
    return
  }
  const usable = ofKind.filter((uplink) => !isPaid(uplink))
  for (const [index, name] of prefer.entries()) {
    const path = `${at}/prefer/${index}`
    const uplink = all.find((one) => one.name === name)
    if (uplink === undefined) {
      refuse('policy-uplink-known', path, `there is no uplink '${name}'`)
    } else if (prefer.indexOf(name) < index) {
      refuse('policy-prefer-once', path, `is already at ${at}/prefer/${prefer.indexOf(name)}`)
    } else if (!isOfKind(uplink) || isPaid(uplink)) {
      const why = isOfKind(uplink) ? 'metered' : (uplink.kind ?? 'internet')
      refuse('policy-prefer-usable', path, `'${name}' is ${why}: this policy never uses it`)
    } else {
      const before = prefer.slice(0, index)
      const first = usable.find(
        (one) => standbyOf(one, metered) < standbyOf(uplink, metered) && !before.includes(one.name),
      )
      if (first === undefined) continue
      const why = uplink.backup === true ? 'a backup' : 'metered'
      const message = `'${name}' is ${why}: '${first.name}' goes before it, whatever is preferred`
      refuse('policy-prefer-effective', path, message)
    }
  }
}

/** Those with less go first, as the datapath chooses. */
function standbyOf(uplink: Uplink, metered: Policy['metered'] = 'last'): number {
  if (uplink.backup === true) return 2
  return uplink.metered === true && metered === 'last' ? 1 : 0
}

/** Each with each before it. */
function checkEffects(policies: readonly Located<Policy>[], refuse: Refuse): void {
  const told = policies.filter(({ part }) => Object.keys(part.for ?? {}).length > 0)
  for (const [index, later] of told.entries()) {
    const earlier = told.slice(0, index).find((one) => covers(one.part.for!, later.part.for!))
    if (earlier === undefined) continue
    refuse('policy-effective', later.at, `${earlier.at} before it is for all of its flows`)
  }
}

function covers(wide: PolicyFlows, narrow: PolicyFlows): boolean {
  return (
    holds(wide.applications, narrow.applications) &&
    holds(wide.segments, narrow.segments) &&
    holds(wide.dscp?.map(dscpNumber), narrow.dscp?.map(dscpNumber))
  )
}

function holds<One>(wide: readonly One[] | undefined, narrow: readonly One[] | undefined): boolean {
  return wide === undefined || narrow?.every((one) => wide.includes(one)) === true
}

function checkSize({ applications, policies }: Parts, known: Applications, refuse: Refuse): void {
  const own = applications.reduce((sum, { part }) => sum + termCount(part), 0)
  const all = policies
    .filter(({ part }) => part.name !== defaultPolicyName)
    .reduce((sum, { part }) => sum + policyTermCount(part, known), own)
  if (all <= maxSteeringTerms) return
  const path = own > maxSteeringTerms ? '/applications' : '/policies'
  refuse('policy-size', path, `${all} comparisons once spelt out; ${maxSteeringTerms} is the most`)
}
