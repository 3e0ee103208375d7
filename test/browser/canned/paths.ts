/** Paths and sessions of the branch in site.ts: each peer by each uplink, as its status says. */
import type { PeerStatus, Status } from '../../../firmware/model/local-api.ts'
import type { PathAnswer, PathsAnswer } from '../../../firmware/model/local-api-path.ts'
import type { SessionAnswer, SessionsAnswer } from '../../../firmware/model/local-api-session.ts'
import { pathFaults } from '../../../firmware/model/path-reason.ts'

export function pathsOf({ peers, uplinks }: Status): PathsAnswer {
  return {
    peers: peers.map((peer) => ({
      peer: peer.name,
      reach: peer.reach,
      paths: uplinks.map(({ name, isUp }, number) => pathOf(peer, name, isUp !== false, number)),
    })),
  }
}

function pathOf(peer: PeerStatus, uplink: string, isUp: boolean, number: number): PathAnswer {
  const carries = isUp && peer.state === 'up'
  const reason = !isUp ? 'no-uplink' : peer.state === 'up' ? null : 'silent'
  const rtt = carries ? (peer.rttSeconds ?? 0.04) + (uplink === 'lte0' ? 0.031 : 0) : null
  const isLte = uplink === 'lte0'
  const quality = {
    lossRatio: carries ? (isLte ? 0.0042 : 0.0001) : null,
    lateRatio: carries ? 0 : null,
    jitterSeconds: carries ? (isLte ? 0.0061 : 0.0007) : null,
  }
  return {
    number,
    uplink,
    remoteUplink: carries ? 0 : null,
    endpoint: peer.endpoint ?? '198.51.100.90:51820',
    relay: peer.reach.relay,
    state: carries ? 'up' : 'down',
    stateSeconds: carries ? 412_300 : 84,
    reason,
    explanation: reason === null ? null : pathFaults[reason],
    lastHeardSeconds: carries ? 0.06 : 84,
    isMetered: isLte,
    isBackup: isLte,
    isBest: carries && peer.uplink === uplink,
    isLearned: false,
    rttSeconds: rtt,
    rttP50Seconds: rtt,
    rttP95Seconds: rtt === null ? null : rtt * 1.15,
    rttP99Seconds: rtt === null ? null : rtt * 1.4,
    rx: quality,
    tx: quality,
    mtuBytes: carries ? (isLte ? 1_358 : 1_406) : null,
    throughput: carries && peer.uplink === uplink ? peer.throughput : null,
    failures: isLte ? 3 : 1,
  }
}

export function sessionsOf({ peers }: Status): SessionsAnswer {
  return {
    sessions: peers.map((peer): SessionAnswer => {
      const isUp = peer.state === 'up'
      return {
        peer: peer.name,
        state: isUp ? 'up' : 'connecting',
        stateSeconds: isUp ? 412_300 : 4_200,
        handshakeRole: isUp ? 'initiator' : null,
        suite: isUp ? 'Noise_IKpsk2_25519_AESGCM_SHA256' : null,
        uplink: isUp ? peer.uplink : null,
        endpoint: peer.endpoint,
        keypairSeconds: isUp ? 71 : null,
        handshakes: 3,
        rekeys: 3_436,
        failures: { timeout: isUp ? 0 : 42, unauthentic: 0, closed: 0 },
        lastError: peer.lastError,
      }
    }),
  }
}
