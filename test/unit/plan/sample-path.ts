/** A path as the datapath counts it, for tests that change something of it: of `hub-1`, by the first uplink, well. */
import type { PathCounters } from '../../../firmware/model/path-program.ts'

export function samplePath(change: Partial<PathCounters> = {}): PathCounters {
  return {
    peer: 'hub-1',
    uplink: 0,
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
