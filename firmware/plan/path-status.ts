/**
 * The paths that the datapath counts, in the configuration's names and in the words of the local API. Pure. What is wrong with
 * them is path-problem.ts's.
 */
import type { PeerStatus } from '../model/local-api.ts'
import type { PathAnswer, PathQuality, PathsAnswer } from '../model/local-api-path.ts'
import type { DirectionQuality, PathCounters } from '../model/path-program.ts'
import { type PathFault, pathFaults } from '../model/path-reason.ts'
import type { Counters } from '../model/program.ts'
import { relayUplink, relayUplinkName } from '../model/traversal-program.ts'
import { pathKey, type Rates } from './rates.ts'
import { endpointOf, type NamedPeer, type ReachFacts, reachAnswer, relayOf } from './relayed.ts'

/** A path as it is counted, and as it is told. */
export interface NamedPath {
  readonly counters: PathCounters
  readonly answer: PathAnswer
}

/** The own uplinks by number, in the program that numbers are of; holes where one of them has none. */
export type NumberedUplinks = readonly ({ readonly name: string } | undefined)[]

/** Those who have names: the configuration's peers, and the uplinks of the program that was counted. */
export interface Named {
  readonly peers: readonly NamedPeer[]
  readonly uplinks: NumberedUplinks
}

const nobody: Named = { peers: [], uplinks: [] }

export type PathsByPeer = ReadonlyMap<string, readonly NamedPath[]>

/** By peer; those of none that is named are left out. Own uplinks in the order of their numbers. */
export function namePaths(
  named: Named | null,
  counters: Counters | null,
  rates: Rates,
): PathsByPeer {
  const byPeer = new Map<string, NamedPath[]>(named?.peers.map(({ name }) => [name, []]))
  const inSession = new Set(
    counters?.peers.flatMap(({ peer, localIndex }) => (localIndex === 0 ? [] : [peer])),
  )
  for (const path of counters?.paths ?? []) {
    const answer = answerOf(path, inSession.has(path.peer), named ?? nobody, rates)
    byPeer.get(path.peer)?.push({ counters: path, answer })
  }
  for (const paths of byPeer.values()) paths.sort(byPlace)
  return byPeer
}

export function composePaths(
  named: PathsByPeer,
  reaches: readonly ReachFacts[],
  names: readonly NamedPeer[],
): PathsAnswer {
  const known = new Map(reaches.map((reach) => [reach.peer, reach]))
  const peers = [...named].map(([peer, paths]) => ({
    peer,
    reach: reachAnswer(known.get(peer), names),
    paths: paths.map(({ answer }) => answer),
  }))
  return { peers }
}

/** The name of an uplink of this box, where there is one of that number. */
export function uplinkName(uplinks: NumberedUplinks, number: number): string {
  if (number === relayUplink) return relayUplinkName
  return uplinks[number]?.name ?? `uplink ${number}`
}

/** Null: it carries packets. */
export function faultOf(
  { state, reason }: Pick<PathCounters, 'state' | 'reason'>,
  hasSession = true,
): PathFault | null {
  if (state === 'up') return hasSession ? null : 'no-session'
  return reason === 'well' ? 'untried' : reason
}

/** What a peer's status says of its paths. Learned ones come and go: they count while they are up. */
export function summaryOf(paths: readonly NamedPath[]): Pick<PeerStatus, 'uplink' | 'paths'> {
  const answers = paths.map(({ answer }) => answer)
  const up = answers.filter(({ state }) => state === 'up').length
  const down = answers.filter(isDown).length
  const untried = answers.filter((path) => isLacking(path) && !isTried(path)).length
  const best = answers.find(({ isBest }) => isBest)
  return { uplink: best?.uplink ?? null, paths: { up, down, untried } }
}

function isLacking({ state, isLearned }: PathAnswer): boolean {
  return state !== 'up' && !isLearned
}

/** One whose uplink was not there at first is no `untried` one to the datapath. */
function isTried({ rttSeconds }: PathAnswer): boolean {
  return rttSeconds !== null
}

/** It was up once; one that nobody ever answered by may be meant to be so, as from a private network to the Internet. */
export function isDown(path: PathAnswer): boolean {
  return isLacking(path) && isTried(path)
}

function byPlace({ counters: one }: NamedPath, { counters: other }: NamedPath): number {
  return (
    one.uplink - other.uplink ||
    Number(one.isLearned) - Number(other.isLearned) ||
    (one.remoteUplink ?? 256) - (other.remoteUplink ?? 256) ||
    one.number - other.number
  )
}

function answerOf(
  path: PathCounters,
  hasSession: boolean,
  { peers, uplinks }: Named,
  rates: Rates,
): PathAnswer {
  const isUp = path.state === 'up' && hasSession
  const fault = faultOf(path, hasSession)
  // What it was up for without a session nobody knows.
  const stateMs = fault === 'no-session' ? (path.heardMs ?? path.stateMs) : path.stateMs
  return {
    number: path.number,
    uplink: uplinkName(uplinks, path.uplink),
    remoteUplink: path.remoteUplink,
    endpoint: endpointOf(path, peers),
    relay: relayOf(path.remoteAddress, peers),
    state: path.state === 'up' && !isUp ? 'down' : path.state,
    stateSeconds: stateMs / 1000,
    reason: fault,
    explanation: fault === null ? null : pathFaults[fault],
    lastHeardSeconds: path.heardMs === null ? null : path.heardMs / 1000,
    isMetered: path.isMetered,
    isBackup: path.isBackup,
    isBest: path.isBest && isUp,
    isLearned: path.isLearned,
    rttSeconds: seconds(path.rttUs),
    rttP50Seconds: seconds(path.rttP50Us),
    rttP95Seconds: seconds(path.rttP95Us),
    rttP99Seconds: seconds(path.rttP99Us),
    rx: qualityOf(path.in),
    tx: qualityOf(path.out),
    mtuBytes: path.mtuBytes === 0 ? null : path.mtuBytes,
    throughput: rates.paths.get(pathKey(path)) ?? null,
    failures: path.downs,
  }
}

function qualityOf({ lossPpm, latePpm, jitterUs }: DirectionQuality): PathQuality {
  return {
    lossRatio: lossPpm === null ? null : lossPpm / 1e6,
    lateRatio: latePpm === null ? null : latePpm / 1e6,
    jitterSeconds: seconds(jitterUs),
  }
}

function seconds(us: number | null): number | null {
  return us === null ? null : us / 1e6
}
