/** What is known about a flow when it is explained: the datapath's word, and what the rest of the box knows. Pure. */
import type { DeviceConfig } from '../model/device-config.ts'
import type { Policy } from '../model/device-config-steering.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { Explanation, FlowQuestion } from '../model/explanation.ts'
import type { UplinkStatus } from '../model/local-api.ts'
import { defaultPolicyName } from '../model/policy.ts'
import type { Counters, Denial } from '../model/program.ts'
import type { Queues } from '../model/queue-counters.ts'
import type { NumberedUplinks } from './path-status.ts'
import type { ReachFacts } from './relayed.ts'
import type { RelayingFacts } from './relaying.ts'

export interface ExplainFacts {
  readonly config: DeviceConfig
  readonly ask: FlowQuestion
  readonly explanation: Explanation
  /** Own uplinks by number in the program that runs: where one was moved in the configuration, another order than there. */
  readonly numbered: NumberedUplinks
  /** Of the flow's peer; null where there is none, or it has no session of any kind. */
  readonly session: ExplainedSession | null
  /** How that peer is reached. */
  readonly reach: ReachFacts | null
  /** What this box forwards for others as a relay; null: nothing. */
  readonly relaying: RelayingFacts | null
  readonly uplinks: readonly UplinkStatus[]
  readonly counters: Counters | null
  /** What waits for uplinks and limits now, and did some seconds ago; null: not read. */
  readonly queues: { readonly now: Queues; readonly before: Queues } | null
  /** The last ones of any flow, the newest first. */
  readonly denials: readonly (Denial & { readonly ageMs: number })[]
}

export interface ExplainedSession {
  readonly state: 'connecting' | 'up' | 'rekeying' | 'down'
  readonly stateAgeMs: number
  readonly ended: { readonly by: 'expiry' | 'close' | 'datapath'; readonly ageMs: number } | null
  /** Whether there is anywhere to call it. */
  readonly canCall: boolean
  /** Handshakes that failed, by reason. */
  readonly failures: Readonly<Record<string, number>>
  readonly lastError: ErrorCode | null
}

/** As the configuration has it; null for a default that it does not mention. */
export function policyNamed({ policies = [] }: DeviceConfig, name: string): Policy | null {
  return policies.find((policy) => policy.name === name) ?? null
}

/** `policy calls`, `the default policy` */
export function policyText(name: string): string {
  return name === defaultPolicyName ? 'the default policy' : `policy ${name}`
}

/** `0.4 s`, `12 s`, `5 min`, `3 h` */
export function timeText(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`
  return ms < 7_200_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`
}

/** `a`, `a and b`, `a, b and c` */
export function listText(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('')
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
