/** What the datapath says of a flow, for tests that change something of it: of the sample configuration, from office to hub-1. */
import type { ExplainedPath, Explanation, Incident } from '../../../firmware/model/explanation.ts'

export function samplePathOf(change: Partial<ExplainedPath> = {}): ExplainedPath {
  return {
    number: 0,
    uplink: 0,
    remoteUplink: 1,
    remoteAddress: '198.51.100.7',
    remotePort: 51820,
    verdict: 'chosen',
    state: 'up',
    reason: 'well',
    obstacle: 'none',
    isMetered: false,
    isBackup: false,
    mtuBytes: 1432,
    lossPpm: 0,
    latencyUs: 12_000,
    jitterUs: 300,
    stateMs: 60_000,
    heardMs: 20,
    suspectMs: null,
    holdMs: 0,
    cleanMs: 0,
    isKinDown: false,
    isKinBreaching: false,
    ...change,
  }
}

export function sampleIncident(change: Partial<Incident> = {}): Incident {
  return {
    reason: 'too_big',
    isOfFlow: true,
    isOfAnswers: false,
    count: 3,
    firstMs: 2_000,
    lastMs: 300,
    ...change,
  }
}

export function sampleExplanation(change: Partial<Explanation> = {}): Explanation {
  return {
    segment: 'office',
    toSegment: 'office',
    rule: '',
    peer: 'hub-1',
    policy: 'default',
    application: '',
    port: 'wan0',
    nextHop: '192.0.2.1',
    reason: null,
    mtuBytes: 1432,
    hop: 'peer',
    from: 'lan',
    fromPeer: '',
    isByKernel: false,
    hasSession: true,
    flow: 'new',
    path: 0,
    bestPath: 0,
    pinnedPath: null,
    isNeighbourKnown: true,
    class: null,
    flowIdleMs: 0,
    waitingMs: null,
    peers: [],
    paths: [
      samplePathOf(),
      samplePathOf({ number: 1, uplink: 1, verdict: 'less-preferred', remoteUplink: null }),
    ],
    incidents: [],
    ...change,
  }
}
