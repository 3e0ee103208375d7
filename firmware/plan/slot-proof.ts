/**
 * Whether the firmware that runs has proven itself, and what it lacks else. An update must be able to do what the firmware before it did,
 * and no more: a controller that was away before, a cable that nobody plugged in, are no fault of it. Pure.
 */
import type { EnrolmentAnswer } from '../model/enrolment.ts'
import type { Status } from '../model/local-api.ts'
import type { SlotBefore } from '../model/slot-note.ts'

export interface ProofFacts {
  /** It has proven itself in an earlier start. */
  readonly wasGood: boolean
  /** How the box was when this firmware was written; null: nobody noted it. */
  readonly before: SlotBefore | null
  /** What the gateway says; or why nothing is heard of it. */
  readonly gateway: GatewayFacts | { readonly silence: string }
}

export interface GatewayFacts {
  readonly status: Status
  readonly enrolment: Pick<EnrolmentAnswer, 'state' | 'isLinked'>
}

export function beforeOf(
  status: Status,
  { isLinked }: Pick<EnrolmentAnswer, 'isLinked'>,
): SlotBefore {
  const { configSource, isApplied, absentNics } = status
  return {
    ...{ configSource, isApplied, isLinked, peersUp: peersUp(status) },
    absentNics: absentNics.slice(0, 64).map((nic) => nic.slice(0, 64)),
  }
}

/** Empty: it has proven itself. In words, what matters most first. */
export function proofLacks({ wasGood, before, gateway }: ProofFacts): string[] {
  if ('silence' in gateway) return [`the gateway does not answer: ${gateway.silence}`]
  const { status } = gateway
  if (status.datapathUptimeSeconds === null) return ['the datapath does not answer']
  // What was good before is no worse for a configuration, a cable or a far end.
  if (wasGood) return []
  return [
    ...configLacks(status, before),
    ...nicLacks(status, before),
    ...(needsOthers(gateway, before) ? reachLacks(gateway, before) : []),
  ]
}

function configLacks(status: Status, before: SlotBefore | null): string[] {
  const { configSource, isApplied, problems } = status
  const was = before?.configSource ?? 'file'
  if (configSource === 'none') {
    return was === 'none' ? [] : [`there is no usable configuration any more: ${first(problems)}`]
  }
  const wasSetUp = before !== null && was !== 'factory' && was !== 'none'
  if (configSource === 'factory' && wasSetUp) return ['it is blank: what the box was is gone']
  if (configSource === 'last-good' && was !== 'last-good') {
    return [`the configuration is refused: ${first(problems)}`]
  }
  if (isApplied || before?.isApplied === false) return []
  return [`what is configured does not run: ${first(problems)}`]
}

function nicLacks({ absentNics, uplinks, isApplied }: Status, before: SlotBefore | null): string[] {
  const known = before?.absentNics ?? []
  const lost = absentNics.filter((nic) => !known.includes(nic))
  // Without carrier is not without port: nobody need have plugged it in.
  const closed = uplinks.filter(({ nic, isUp }) => isUp === null && !absentNics.includes(nic))
  return [
    ...lost.map((nic) => `NIC ${nic} is missing`),
    ...(isApplied ? closed.map(({ name }) => `the datapath has no port for uplink ${name}`) : []),
  ]
}

/** Whether there is somebody whom it must reach. */
function needsOthers({ status, enrolment }: GatewayFacts, before: SlotBefore | null): boolean {
  const [hasOwner, hasPeers] = [enrolment.state === 'owned', status.peers.length > 0]
  if (before !== null) return (hasOwner && before.isLinked) || (hasPeers && before.peersUp > 0)
  return (hasOwner || hasPeers) && status.uplinks.some(({ isUp }) => isUp === true)
}

/** One of those that were reached before is enough. */
function reachLacks({ status, enrolment }: GatewayFacts, before: SlotBefore | null): string[] {
  const needsController = before === null ? enrolment.state === 'owned' : before.isLinked
  const needsPeer = before === null ? status.peers.length > 0 : before.peersUp > 0
  const isReached = (needsController && enrolment.isLinked) || (needsPeer && peersUp(status) > 0)
  if (isReached) return []
  const whom = [needsController ? 'the controller' : '', needsPeer ? 'any peer' : '']
  const was = before === null ? '' : ', which was reached before'
  return [`it does not reach ${whom.filter((word) => word !== '').join(' or ')}${was}`]
}

function peersUp({ peers }: Status): number {
  return peers.filter(({ state }) => state === 'up').length
}

function first(problems: readonly string[]): string {
  return problems[0] ?? 'it does not say why'
}
