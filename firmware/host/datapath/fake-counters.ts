/** What the fake datapath counts: next to nothing, and how often a carrier went. */
import type { Counters, PortCounters, Program } from '../../model/program.ts'

export interface FakeCarriers {
  set(twin: string, isUp: boolean): void
  ports(): PortCounters[]
}

const noTraffic = {
  ...{ isGone: false, rxPackets: 0, rxBytes: 0, rxBuffers: 0 },
  ...{ txPackets: 0, txBytes: 0, txBuffers: 0 },
}

export function fakeCarriers(): FakeCarriers {
  const ports = new Map<string, PortCounters>()
  return {
    set: (twin, isUp) => {
      const before = ports.get(twin)
      const downs = (before?.downs ?? 0) + Number(before?.isUp === true && !isUp)
      ports.set(twin, { ...noTraffic, twin, isUp, downs })
    },
    ports: () => [...ports.values()],
  }
}

export function countersOf(
  program: Program | null,
  drops: Readonly<Record<string, number>>,
  uptimeMs: number,
): Counters {
  return {
    generation: program?.generation ?? 0,
    uptimeMs,
    drops: { ...drops },
    keypairs: 0,
    buffers: { small: 0, large: 0 },
    overflow: { addresses: 0, routes: 0, neighbours: 0 },
    flows: { places: 0, inUse: 0, refused: 0 },
    paths: [],
    ports: [],
    peers: [],
  }
}
