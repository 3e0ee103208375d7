/** When a relay's channels are read, and what a reading that fails or is old costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RelayTraffic } from '../../../firmware/gateway/relay/traffic.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { ChannelCounters } from '../../../firmware/model/traversal-program.ts'

function trafficOf() {
  const clock = virtualClock(0)
  const faults: Error[] = []
  const none = { packets: 0, bytes: 0, limitedPackets: 0, limitedBytes: 0 }
  let readings = 0
  let datapath: { listChannels: () => Promise<ChannelCounters[]> } | null = {
    listChannels: async () => {
      readings++
      const fault = faults.shift()
      if (fault !== undefined) throw fault
      const ends = { peer: 'a', channel: 1, to: 'b', toChannel: 2, rateBps: 8e6 }
      const ages = { ageMs: clock.nowMs(), unusedMs: 0 }
      return [{ ...ends, ...ages, fromPeer: { ...none, bytes: readings }, fromTo: none }]
    },
  }
  const traffic = new RelayTraffic(clock, () => datapath)
  const look = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      traffic.look()
      await clock.advance(1_000)
    }
  }
  const lose = (): void => {
    datapath = null
  }
  return { clock, traffic, look, faults, lose, readings: () => readings }
}

test('channels are read every five seconds, and the last two readings are told', async () => {
  const { traffic, look, readings } = trafficOf()
  assert.deepEqual(traffic.facts(8e6).now, [])
  await look(12)
  assert.equal(readings(), 3)
  const { now, before, gapMs } = traffic.facts(8e6)
  assert.deepEqual([now[0]?.fromPeer.bytes, before[0]?.fromPeer.bytes, gapMs], [3, 2, 5_000])
  traffic.reset()
  assert.deepEqual(traffic.facts(8e6).now, [])
})

test('a reading that fails leaves the one before, which is told for a while', async () => {
  const { clock, traffic, look, faults, lose } = trafficOf()
  await look(5)
  faults.push(new CausewayError('DATAPATH_BUSY', 'as the test wants it'))
  await look(5)
  assert.equal(traffic.facts(8e6).now[0]?.fromPeer.bytes, 1)
  lose()
  await look(10)
  await clock.advance(1_000)
  assert.deepEqual(traffic.facts(8e6).now, [])
})
