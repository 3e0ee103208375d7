/** A path as the datapath counts it, for tests that change something of it: of `hub-1`, by the first uplink, well. */
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { PathCounters } from '../../../firmware/model/path-program.ts'
import type { Counters } from '../../../firmware/model/program.ts'
import { sampleConfig } from '../model/sample-config.ts'

export function samplePath(change: Partial<PathCounters> = {}): PathCounters {
  return {
    peer: 'hub-1',
    uplink: 0,
    localPort: 51820,
    remoteAddress: '198.51.100.7',
    remotePort: 51820,
    number: 0,
    remoteNumber: 3,
    remoteUplink: 1,
    state: 'up',
    reason: 'well',
    stateMs: 12_000,
    heardMs: 40,
    isMetered: false,
    isBackup: false,
    isBest: false,
    isLearned: false,
    isRelayed: false,
    isTried: false,
    rttUs: 10_000,
    rttP50Us: 10_240,
    rttP95Us: 12_288,
    rttP99Us: 114_688,
    out: { lossPpm: 1200, latePpm: 0, jitterUs: 300 },
    in: { lossPpm: null, latePpm: null, jitterUs: 2500 },
    failures: 1,
    downs: 2,
    mtuBytes: 1432,
    deliveredBps: 0,
    txPackets: 20,
    txBytes: 2000,
    rxPackets: 10,
    rxBytes: 1000,
    ...change,
  }
}

/** @param lost peers without a session */
export function reading(
  paths: readonly PathCounters[],
  lost: readonly string[] = [],
  { peers }: DeviceConfig = sampleConfig(),
): Counters {
  const traffic = { rxPackets: 0, rxBytes: 0, txPackets: 0, txBytes: 0 }
  const relayed = { relayedPackets: 0, relayedBytes: 0, limitedPackets: 0, limitedBytes: 0 }
  const where = { rttUs: null, lastHeardMs: null, remoteAddress: '', remotePort: 0 }
  return {
    generation: 1,
    uptimeMs: 9000,
    drops: {},
    keypairs: 0,
    buffers: { small: 0, large: 0 },
    overflow: { addresses: 0, routes: 0, neighbours: 0 },
    flows: { places: 0, inUse: 0, refused: 0 },
    ports: [],
    peers: peers.map(({ name }) => {
      const localIndex = lost.includes(name) ? 0 : 7
      return { peer: name, ...traffic, ...relayed, ...where, localIndex }
    }),
    paths,
  }
}
