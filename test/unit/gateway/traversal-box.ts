/** The traversal of one gateway, on a virtual clock: what it hears of its datapath, and what it does for that. For its tests. */
import { Traversal } from '../../../firmware/gateway/traversal/traversal.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import type { Datapath } from '../../../firmware/host/datapath/datapath.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { UplinkNat } from '../../../firmware/model/nat.ts'
import type { PathCounters } from '../../../firmware/model/path-program.ts'
import type { Counters } from '../../../firmware/model/program.ts'
import type { TryProgram } from '../../../firmware/model/traversal-program.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { reading, samplePath } from '../plan/sample-path.ts'
import { byHub } from '../plan/sample-reach.ts'

export const peer = 'lisbon'
export const relayedWay = { address: byHub, port: 0 }
export const direct = { peer, number: 1, remoteAddress: '203.0.113.2' }
export const relayed = { peer, number: 2, uplink: 254, remoteAddress: byHub, isRelayed: true }

/** @param others that there are, too; @param isHub it is one itself */
export function traversal(endpoints: readonly string[] = [], others = 0, isHub = false) {
  const clock = virtualClock(0)
  const tries: TryProgram[] = []
  const wants: string[] = []
  const sent: string[] = []
  const sentAtMs: number[] = []
  const moves: { readonly atMs: number; readonly number: number }[] = []
  const told: string[] = []
  const doubts: string[] = []
  const looks: number[] = []
  let nats: readonly UplinkNat[] = []
  const onNats = new Set<() => void>()
  const config = sampleConfig() as DeviceConfig
  const peers = config.peers.map((one) =>
    one.name === peer ? { ...one, endpoints: [...endpoints] } : one,
  )
  const [sample] = peers
  for (let at = 0; at < others; at++) {
    peers.push({ ...sample!, name: `site-${at}`, role: 'site', endpoints: [] })
  }
  const made = new Traversal({
    ...{
      clock,
      nat: {
        readings: () => nats,
        onChange: (handler) => {
          onNats.add(handler)
          return () => onNats.delete(handler)
        },
        refresh: () => looks.push(clock.nowMs()),
      },
      ownKey: new Uint8Array(32),
    },
    numbers: { numberOf: () => 0, nameOf: () => null },
    want: (name, need) => {
      if (name === peer && wants.at(-1) !== need) wants.push(need)
    },
    doubt: (name) => doubts.push(name),
    send: (name, item) => {
      sent.push(`${name} ${item.type}`)
      sentAtMs.push(clock.nowMs())
      if (item.type === 'candidates' && item.isMoved) {
        moves.push({ atMs: clock.nowMs(), number: item.round })
      }
    },
    onReach: (reach) => reach.peer === peer && told.push(reach.how),
  })
  const datapath = {
    try: async (program: TryProgram) => void tries.push(program),
    spray: async () => undefined,
  } as unknown as Datapath
  const places = [{ name: 'wan0', addresses: ['198.51.100.2/30'] }]
  const overlay = isHub ? { ...config.overlay, relay: {} } : config.overlay
  made.configure({ ...config, overlay, peers }, places, datapath)
  /** What stands before the box is found to be that from now on. */
  const readNats = (readings: readonly UplinkNat[]): void => {
    nats = readings
    for (const handler of onNats) handler()
  }
  let packets = 0
  /** What the datapath counts; with data since the last reading, or without. */
  const count = (paths: readonly Partial<PathCounters>[], isData = false): void => {
    packets += isData ? 1 : 0
    const { peers: counted, ...counters }: Counters = reading(paths.map(samplePath))
    const rxPackets = packets
    made.onCounters({ ...counters, peers: counted.map((one) => ({ ...one, rxPackets })) })
  }
  return { clock, made, tries, wants, sent, sentAtMs, moves, told, doubts, looks, count, readNats }
}
