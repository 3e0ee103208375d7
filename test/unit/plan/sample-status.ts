/** What a status is made of, for tests that change something of it: two peers of the sample configuration, all well. */
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { Counters } from '../../../firmware/model/program.ts'
import { ratesBetween } from '../../../firmware/plan/rates.ts'
import type { SessionFacts, StatusFacts } from '../../../firmware/plan/status.ts'
import { sampleConfig } from '../model/sample-config.ts'

export function statusReading(uptimeMs: number, bytes: number): Counters {
  const sides = { rxPackets: 10, rxBytes: bytes, txPackets: 20, txBytes: 2 * bytes }
  return {
    generation: 3,
    uptimeMs,
    drops: { replay: 2, no_session: 0 },
    keypairs: 0,
    buffers: { small: 0, large: 0 },
    overflow: { addresses: 0, routes: 0, neighbours: 0 },
    flows: { places: 0, inUse: 0, refused: 0 },
    paths: [],
    ports: [
      { twin: 'wan0', isUp: true, downs: 0, isGone: false, ...sides, rxBuffers: 1, txBuffers: 2 },
    ],
    peers: [
      {
        peer: 'hub-1',
        ...sides,
        rttUs: 2500,
        lastHeardMs: 40,
        remoteAddress: '198.51.100.7',
        remotePort: 51820,
        localIndex: 9,
        relayedPackets: 0,
        relayedBytes: 0,
        ...{ limitedPackets: 0, limitedBytes: 0 },
      },
    ],
  }
}

export function sessionOf(peer: string, state: SessionFacts['state']): SessionFacts {
  const failures = { timeout: 2, closed: 0 }
  return { peer, state, handshakes: 3, rekeys: 7, failures, lastError: null }
}

export function statusFacts(change: Partial<StatusFacts> = {}): StatusFacts {
  return {
    version: '0.1.0',
    instance: 'main',
    wireKey: 'k',
    uptimeMs: 5000,
    config: sampleConfig() as DeviceConfig,
    source: 'file',
    pendingChange: null,
    relaying: null,
    refusals: [],
    failure: null,
    isDone: true,
    absentNics: [],
    services: [{ name: 'dnsmasq', isSteady: true, restarts: 1 }],
    leases: [],
    refusedLeases: [],
    counters: statusReading(10_000, 1000),
    rates: ratesBetween(statusReading(8_000, 0), statusReading(10_000, 1000)),
    queues: null,
    uplinks: sampleConfig().uplinks,
    sessions: [sessionOf('hub-1', 'up'), sessionOf('lisbon', 'rekeying')],
    reaches: [],
    nats: new Map(),
    access: null,
    ...change,
  }
}
