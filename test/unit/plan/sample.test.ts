/** The figures of this second: whose they are, and what is said where little is known. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostSampledPeers } from '../../../firmware/model/local-api-history.ts'
import { noRates } from '../../../firmware/plan/rates.ts'
import { sampleEvent, sampleOf } from '../../../firmware/plan/sample.ts'
import { reading, samplePath } from './sample-path.ts'

const uplinks = [{ name: 'wan0' }, { name: 'lte0' }]
const config = { uplinks, peers: [{ name: 'hub-1' }, { name: 'hub-2' }] }
const well = { lossPpm: 0, latePpm: 0, jitterUs: 100 }
const bad = { lossPpm: 50_000, latePpm: 0, jitterUs: 9_000 }

test('a peer has the figures of its best path, an uplink what its paths have in common', () => {
  const read = reading([
    samplePath({ isBest: true, rttUs: 20_000, in: well, out: bad }),
    samplePath({ number: 1, uplink: 1, rttUs: 90_000, in: bad, out: bad }),
    samplePath({ peer: 'hub-2', number: 0, isBest: true, rttUs: 5_000, in: well, out: well }),
    samplePath({ peer: 'hub-2', number: 1, state: 'down', reason: 'silent', rttUs: 1 }),
  ])
  const peers = config.peers.map(({ name: peer }) => ({ ...read.peers[0]!, peer }))
  const counters = { ...read, peers }
  const sample = sampleOf({ config, counters, rates: noRates, uplinks })
  const shown = [...sample.uplinks, ...sample.peers].map((one) => [
    ...[one.name, one.lossRatio, one.latencySeconds, one.jitterSeconds],
  ])
  assert.deepEqual(shown, [
    ['wan0', 0, 0.005, 0.0001],
    ['lte0', 0.05, 0.09, 0.009],
    ['hub-1', 0.05, 0.02, 0.009],
    ['hub-2', 0, 0.005, 0.0001],
  ])
})

test('without a session a path is history', () => {
  const counters = reading([samplePath({ isBest: true })], ['hub-1'])
  const { peers } = sampleOf({ config, counters, rates: noRates, uplinks })
  assert.deepEqual([peers[0]!.isUp, peers[0]!.latencySeconds], [false, null])
})

test('without a datapath nothing is known, and what was is not told', () => {
  const sample = sampleOf({ config, counters: null, rates: noRates, uplinks: [] })
  const nothing = {
    ...{ isUp: null, rxBitsPerSecond: null, txBitsPerSecond: null },
    ...{ lossRatio: null, latencySeconds: null, jitterSeconds: null },
  }
  assert.deepEqual(sample.uplinks[0], { name: 'wan0', ...nothing })
  assert.deepEqual(sample.peers[1], { name: 'hub-2', ...nothing })
})

test('of many peers those with most traffic are told, in the order of the configuration', () => {
  const names = Array.from({ length: 200 }, (_, index) => ({ name: `peer-${index}` }))
  const peers = new Map(
    names.map(({ name }, index) => [name, { rxBitsPerSecond: index, txBitsPerSecond: 1 / 3 }]),
  )
  const facts = { config: { uplinks, peers: names }, counters: null, uplinks: [] }
  const sample = sampleOf({ ...facts, rates: { ...noRates, peers } })
  const event = sampleEvent(sample, 12)
  assert.equal(event.peers.length, mostSampledPeers)
  assert.equal(event.peers[0]!.name, `peer-${200 - mostSampledPeers}`)
  assert.equal(event.peers[0]!.txBitsPerSecond, 0.3333)
})
