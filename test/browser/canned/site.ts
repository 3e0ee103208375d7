/** A branch for pages to look at: two uplinks, four peers, one of them through a relay; well, cut, worn or blank. */
import type { PeerStatus, Status, UplinkStatus } from '../../../firmware/model/local-api.ts'
import type { NatAnswer } from '../../../firmware/model/local-api-nat.ts'
import type { QueuedClass, UplinkQueue } from '../../../firmware/model/local-api-queue.ts'
import type { PeerReach } from '../../../firmware/model/local-api-reach.ts'
import type { Scene } from './canned.ts'

export function statusOf({ site }: Pick<Scene, 'site'>): Status {
  if (site === 'blank') return blank
  const isCut = site !== 'well'
  const uplinks = isCut ? [{ ...wan, isUp: false, throughput: idle, queue: null }, lte] : [wan, lte]
  const peers = isCut ? cutPeers(site === 'worn') : wellPeers
  const problems = isCut ? ['uplink wan0 (enp1s0) is down', ...(site === 'worn' ? worn : [])] : []
  return {
    ...blank,
    site: 'berlin',
    revision: 42,
    configSource: 'file',
    pendingChange:
      site === 'worn' ? { revision: 43, phase: 'waiting', remainingSeconds: 94 } : null,
    isHealthy: problems.length === 0,
    health: problems[0] ?? 'all is well',
    problems,
    uptimeSeconds: 1_036_812,
    datapathUptimeSeconds: 1_036_809,
    uplinks,
    peers,
  }
}

const worn = [
  '1 of 4 peers are not up: porto',
  'policy calls drops what goes to oslo: no path keeps its limits',
]

const blank: Status = {
  version: '0.1.0',
  instance: 'main',
  site: null,
  revision: null,
  configSource: 'factory',
  ...{ isApplied: false, absentNics: [] },
  pendingChange: null,
  isHealthy: false,
  health: 'the configuration has not been read yet',
  problems: ['the configuration has not been read yet'],
  wireKey: 'hQ9bXn0y7m0cFq1vY5H8b3uPz4kQ2rT6sW9xA1cD3E4=',
  uptimeSeconds: 312,
  datapathUptimeSeconds: 309,
  uplinks: [],
  peers: [],
  segments: [],
  relaying: null,
}

const idle = { rxBitsPerSecond: 0, txBitsPerSecond: 0 }

const wanNat: NatAnswer = {
  family: 4,
  local: '192.0.2.10:51820',
  mapped: '192.0.2.10:51820',
  mapping: 'none',
  filtering: 'endpoint-independent',
  portStep: 0,
  isBlocked: false,
  serversAsked: 3,
  serversAnswered: 3,
  ageSeconds: 212,
  explanation: 'there is no NAT: others see the own address and port',
}

const lteNat: NatAnswer = {
  ...wanNat,
  local: '100.72.14.9:51820',
  mapped: '198.51.100.77:40212',
  mapping: 'address-and-port-dependent',
  filtering: 'address-and-port-dependent',
  portStep: 2,
  explanation:
    'the NAT gives each destination another port, and lets in only answers: peers behind such a NAT, too, are reached through a relay',
}

function classOf(name: QueuedClass['class'], share: number, p95Ms: number): QueuedClass {
  const sentPackets = Math.round(share * 91_000_000)
  return {
    class: name,
    offeredPackets: sentPackets + Math.round(share * 4_000),
    sentPackets,
    sentBytes: sentPackets * 640,
    droppedByDelay: name === 'bulk' ? 3_912 : 0,
    droppedByFull: 0,
    droppedBytes: name === 'bulk' ? 3_912 * 1_400 : 0,
    markedPackets: name === 'bulk' ? 21_450 : 0,
    waitingPackets: name === 'bulk' ? 12 : 0,
    waitingBytes: name === 'bulk' ? 17_400 : 0,
    sentBitsPerSecond: share * 31_000_000,
    delay: {
      packets: sentPackets,
      p50Seconds: p95Ms / 4000,
      p95Seconds: p95Ms / 1000,
      p99Seconds: p95Ms / 600,
    },
  }
}

const wanQueue: UplinkQueue = {
  rateBitsPerSecond: 40_000_000,
  waitingBytes: 17_400,
  lateSeconds: 10,
  classes: [
    classOf('voice', 0.03, 0.9),
    classOf('business', 0.21, 2.2),
    classOf('normal', 0.46, 5.4),
    classOf('bulk', 0.3, 21),
  ],
  peerCount: 4,
  peers: [],
}

const wan: UplinkStatus = {
  name: 'wan0',
  nic: 'netdev:enp1s0',
  address: ['192.0.2.10/24', '2001:db8:51::10/64'],
  gateway: '192.0.2.1',
  isUp: true,
  throughput: { rxBitsPerSecond: 84_300_000, txBitsPerSecond: 31_200_000 },
  nat: [wanNat, { ...wanNat, family: 6, local: '[2001:db8:51::10]:51820', mapped: null }],
  queue: wanQueue,
  ingress: null,
}

const lte: UplinkStatus = {
  name: 'lte0',
  nic: 'netdev:wwan0',
  address: ['100.72.14.9/30'],
  gateway: '100.72.14.10',
  isUp: true,
  throughput: { rxBitsPerSecond: 41_000, txBitsPerSecond: 38_000 },
  nat: [lteNat],
  queue: null,
  ingress: null,
}

const direct: PeerReach = {
  how: 'direct',
  seconds: 412_300,
  relay: null,
  reason: null,
  explanation: null,
  nextTrySeconds: null,
  channels: [{ relay: 'hub-1', state: 'open' }],
}

const relayed: PeerReach = {
  ...direct,
  how: 'relayed',
  seconds: 5_340,
  relay: 'hub-1',
  reason: 'unanswered',
  explanation: 'nothing gets through between the two: a NAT or a firewall on the way stops it',
  nextTrySeconds: 34,
}

function peerOf(name: string, rttMs: number, more: Partial<PeerStatus> = {}): PeerStatus {
  return {
    name,
    role: 'site',
    state: 'up',
    endpoint: '198.51.100.7:51820',
    rttSeconds: rttMs / 1000,
    lastHeardSeconds: 0.04,
    lastError: null,
    throughput: { rxBitsPerSecond: rttMs * 540_000, txBitsPerSecond: rttMs * 210_000 },
    uplink: 'wan0',
    reach: direct,
    paths: { up: 2, down: 0, untried: 0 },
    ...more,
  }
}

const wellPeers: PeerStatus[] = [
  peerOf('hub-1', 11.2, { role: 'hub', endpoint: '203.0.113.4:51820' }),
  peerOf('lisbon', 38.7, { endpoint: 'relay hub-1', reach: relayed }),
  peerOf('oslo', 24.9, { endpoint: '198.51.100.21:51820' }),
  peerOf('porto', 41.3, { endpoint: '198.51.100.90:40112' }),
]

function cutPeers(isWorn: boolean): PeerStatus[] {
  return wellPeers.map((peer): PeerStatus => {
    if (isWorn && peer.name === 'porto') {
      return {
        ...peer,
        ...{ state: 'down', endpoint: null, rttSeconds: null, lastHeardSeconds: 4_210 },
        ...{ uplink: null, throughput: idle, lastError: 'SESSION_TIMEOUT' },
        reach: { ...direct, how: 'none', seconds: 4_200, channels: [] },
        paths: { up: 0, down: 2, untried: 0 },
      }
    }
    const rttSeconds = peer.rttSeconds! + 0.031
    return { ...peer, rttSeconds, uplink: 'lte0', paths: { up: 1, down: 1, untried: 0 } }
  })
}
