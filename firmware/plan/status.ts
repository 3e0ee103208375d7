/**
 * Puts together what the local API says about the device, and the one sentence that sums it up. Pure.
 */
import type { DeviceConfig } from '../model/device-config.ts'
import { staticAddresses } from '../model/device-config-uplink.ts'
import { dropReasons } from '../model/drop-reason.ts'
import type { ErrorBody, ErrorCode } from '../model/errors.ts'
import type {
  ConfigSource,
  Drops,
  PeerState,
  PeerStatus,
  Status,
  UplinkStatus,
} from '../model/local-api.ts'
import type { PendingChange } from '../model/local-api-config.ts'
import { interfaceOf } from '../model/nic.ts'
import type { Counters } from '../model/program.ts'
import type { LeaseFacts, ServiceStatus } from '../model/service.ts'
import type { NatsByUplink } from './nat-status.ts'
import { overflowText } from './overflow.ts'
import { pathProblems } from './path-problem.ts'
import { type NumberedUplinks, namePaths, type PathsByPeer, summaryOf } from './path-status.ts'
import { policyProblems } from './policy-problem.ts'
import { ingressQueue, segmentQueue, uplinkQueue } from './queue-status.ts'
import type { QueueWindow } from './queue-window.ts'
import type { Rates } from './rates.ts'
import { reachProblems } from './reach-problem.ts'
import { endpointOf, type ReachFacts, reachAnswer } from './relayed.ts'
import { type RelayingFacts, relayingAnswer } from './relaying.ts'

export interface StatusFacts {
  readonly version: string
  readonly instance: string
  readonly wireKey: string
  readonly uptimeMs: number
  readonly config: DeviceConfig | null
  readonly source: ConfigSource
  readonly pendingChange: PendingChange | null
  /** Why device.yaml is not what runs. */
  readonly refusals: readonly ErrorBody[]
  /** Why the last pass of the reconciler failed. */
  readonly failure: ErrorBody | null
  /** Machine, datapath and sessions are as configured. */
  readonly isDone: boolean
  readonly absentNics: readonly string[]
  readonly services: readonly ServiceStatus[]
  /** Those that are used. */
  readonly leases: readonly LeaseFacts[]
  /** Uplinks that were lent a network of those inside. */
  readonly refusedLeases: readonly string[]
  readonly counters: Counters | null
  readonly rates: Rates
  readonly queues: QueueWindow | null
  /** Of the program that was counted. */
  readonly uplinks: NumberedUplinks
  readonly sessions: readonly SessionFacts[]
  readonly reaches: readonly ReachFacts[]
  readonly nats: NatsByUplink
  /** Null: it relays nothing. */
  readonly relaying: RelayingFacts | null
  /** Why nobody can sign in; null: they can. */
  readonly access: string | null
  /** What the start of the machine had to do to what the box keeps; null: nothing. */
  readonly dataNote?: string | null
  /** Why nothing more can be kept; null: it can. */
  readonly roomProblem?: string | null
}

export interface SessionFacts {
  readonly peer: string
  readonly state: 'connecting' | 'up' | 'rekeying' | 'down'
  /** Sessions and rekeys completed, and handshakes that failed by reason, since the peer was configured. */
  readonly handshakes: number
  readonly rekeys: number
  readonly failures: Readonly<Record<string, number>>
  readonly lastError: ErrorCode | null
}

export function composeStatus(facts: StatusFacts): Status {
  const { config, counters } = facts
  const uplinks = composeUplinks(facts)
  const named = config === null ? null : { peers: config.peers, uplinks: facts.uplinks }
  const paths = namePaths(named, counters, facts.rates)
  const peers = composePeers(facts, paths)
  const problems = [
    ...problemsOf(facts, uplinks, peers),
    ...(counters === null ? [] : reachProblems(peers)),
    // What a policy makes of it is told after it.
    ...pathProblems(peers, uplinks, paths),
    ...policyProblems(config, peers, paths),
  ]
  return {
    version: facts.version,
    instance: facts.instance,
    site: config?.site ?? null,
    revision: config?.revision ?? null,
    configSource: facts.source,
    isApplied: config !== null && facts.isDone && facts.failure === null,
    absentNics: [...facts.absentNics],
    pendingChange: facts.pendingChange,
    isHealthy: problems.length === 0,
    health: problems[0] ?? 'all is well',
    problems,
    wireKey: facts.wireKey,
    uptimeSeconds: facts.uptimeMs / 1000,
    datapathUptimeSeconds: counters === null ? null : counters.uptimeMs / 1000,
    uplinks,
    segments: (config?.segments ?? []).map(({ name }) => ({
      name,
      up: segmentQueue(name, 'up', facts.queues),
      down: segmentQueue(name, 'down', facts.queues),
    })),
    peers,
    relaying: relayingAnswer(facts.relaying),
  }
}

export function composeDrops(counters: Counters): Drops {
  const reasons = counters.drops
  const total = Object.values(reasons).reduce((sum, count) => sum + count, 0)
  const meanings = Object.fromEntries(
    Object.keys(reasons).map((reason) => [reason, dropReasons[reason] ?? '']),
  )
  return { sinceSeconds: counters.uptimeMs / 1000, total, reasons, meanings }
}

function composeUplinks(facts: StatusFacts): UplinkStatus[] {
  const { config, counters, rates, leases, nats } = facts
  const ports = new Map(counters?.ports.map((port) => [port.twin, port]))
  return (config?.uplinks ?? []).map((uplink) => {
    const isLent = uplink.address === 'dhcp'
    const lease = isLent ? leases.find(({ device }) => device === uplink.name) : undefined
    return {
      name: uplink.name,
      nic: uplink.nic,
      address: lease === undefined ? [...staticAddresses(uplink)] : [lease.address],
      gateway: uplink.gateway ?? lease?.gateway ?? null,
      isUp: ports.get(uplink.name)?.isUp ?? null,
      throughput: rates.ports.get(uplink.name) ?? null,
      nat: [...(nats.get(uplink.name) ?? [])],
      queue: uplinkQueue(uplink.name, facts.queues),
      ingress: ingressQueue(uplink.name, facts.queues),
    }
  })
}

function composePeers(
  { config, counters, rates, sessions, reaches }: StatusFacts,
  paths: PathsByPeer,
): PeerStatus[] {
  const counted = new Map(counters?.peers.map((peer) => [peer.peer, peer]))
  const known = new Map(sessions.map((session) => [session.peer, session]))
  const reached = new Map(reaches.map((reach) => [reach.peer, reach]))
  const names = config?.peers ?? []
  return names.map(({ name, role }) => {
    const counts = counted.get(name)
    const hasAddress = counts !== undefined && counts.remoteAddress !== ''
    const { rttUs = null, lastHeardMs = null } = counts ?? {}
    const { remoteAddress = '', remotePort = 0 } = counts ?? {}
    const reach = reached.get(name)
    const state = stateOf(known.get(name)?.state, reach)
    return {
      name,
      role: role ?? 'site',
      state,
      endpoint: hasAddress ? endpointOf({ remoteAddress, remotePort }, names) : null,
      // Of an earlier session it is history.
      rttSeconds: rttUs === null || state !== 'up' ? null : rttUs / 1e6,
      lastHeardSeconds: lastHeardMs === null ? null : lastHeardMs / 1000,
      lastError: known.get(name)?.lastError ?? null,
      throughput: rates.peers.get(name) ?? null,
      reach: reachAnswer(reach, names),
      ...summaryOf(paths.get(name) ?? []),
    }
  })
}

/** @param reach undefined: it is not known yet */
function stateOf(
  state: SessionFacts['state'] | undefined,
  reach: ReachFacts | undefined,
): PeerState {
  if (state === undefined) return 'down'
  if (state !== 'up' && state !== 'rekeying') return state
  return reach?.how === 'none' ? 'unreached' : 'up'
}

/** What somebody should look at, what matters most first. What follows from another is not told again. */
function problemsOf(
  facts: StatusFacts,
  uplinks: readonly UplinkStatus[],
  peers: readonly PeerStatus[],
): string[] {
  const { config, refusals, failure, absentNics, counters } = facts
  const [refusal] = refusals
  if (config === null) {
    return [
      refusal === undefined
        ? 'the configuration has not been read yet'
        : `no usable configuration: ${sentenceOf(refusal)}`,
    ]
  }
  const leftOut = counters === null ? '' : overflowText(counters.overflow)
  const cut = uplinks.filter(({ isUp }) => isUp === false)
  const told = [
    counters === null ? 'the datapath does not answer' : null,
    failure === null ? null : `the configuration could not be applied: ${sentenceOf(failure)}`,
    facts.isDone || failure !== null ? null : 'the configuration is being applied',
    ...missingNicTexts(absentNics),
    refusal === undefined
      ? null
      : `device.yaml is refused, revision ${config.revision} runs on: ${sentenceOf(refusal)}`,
    ...cut.map(({ name, nic }) => `uplink ${name} (${interfaceOf(nic)}) is down`),
    ...facts.services
      .filter(({ isSteady }) => !isSteady)
      .map(({ name }) => `service ${name} does not stay up`),
    ...missingLeases(facts, uplinks),
    leftOut === '' ? null : `the datapath has no room for ${leftOut} (DATAPATH_OVERFLOW)`,
    // Without a datapath there is none with anybody.
    counters === null ? null : lostPeers(peers),
    facts.access,
    facts.dataNote ?? null,
    facts.roomProblem ?? null,
  ]
  return told.filter((text) => text !== null)
}

/** The kernel knows no NIC by its bus address: such a one is DPDK's. */
function missingNicTexts(absentNics: readonly string[]): string[] {
  const isDevice = (nic: string): boolean =>
    /^([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/.test(nic)
  const missing = absentNics.filter((nic) => !isDevice(nic))
  const unbound = absentNics.filter(isDevice)
  return [
    ...(missing.length === 0 ? [] : [`NIC ${missing.join(', ')} is missing`]),
    ...unbound.map(
      (nic) =>
        `NIC ${nic} is not there for DPDK: write its \`netdev:\` name instead, or switch on the IOMMU in the machine's firmware`,
    ),
  ]
}

/** Of a link that is down it is known already. */
function missingLeases(facts: StatusFacts, uplinks: readonly UplinkStatus[]): string[] {
  const lacking = uplinks.filter(({ address, isUp }) => address.length === 0 && isUp !== false)
  return lacking.map(({ name }) =>
    facts.refusedLeases.includes(name)
      ? `the lease of uplink ${name} is refused: its network is one of those inside`
      : `uplink ${name} has no lease`,
  )
}

function lostPeers(peers: readonly PeerStatus[]): string | null {
  const lost = peers.filter(({ state }) => state === 'down' || state === 'connecting')
  if (lost.length === 0) return null
  const names = lost.slice(0, 3).map(({ name }) => name)
  const rest = lost.length > names.length ? ', …' : ''
  return `${lost.length} of ${peers.length} peers are not up: ${names.join(', ')}${rest}`
}

function sentenceOf({ code, message, path }: ErrorBody): string {
  if (path === undefined) return `${message} (${code})`
  return `${path === '' ? 'the document' : path} ${message} (${code})`
}
