/** Where peers were heard last: what is remembered of the counters, when it is written, and what a damaged file costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WhereaboutsRecord } from '../../../firmware/gateway/whereabouts.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { parseWhereabouts, whereaboutsAfter } from '../../../firmware/plan/whereabouts.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { reading, samplePath } from '../plan/sample-path.ts'

const names = (number: number): string | null => ['wan0', 'lte0'][number] ?? null
const heard = (change: Parameters<typeof samplePath>[0] = {}) =>
  samplePath({ isLearned: true, isBest: true, ...change })
const place = (change: object = {}) => ({
  ...{ uplink: 'wan0', localPort: 51820, remoteAddress: '198.51.100.7', remotePort: 51820 },
  ...change,
})

test('the best way by which a peer came is remembered, which alone is kept open at rest; then the one that is up the longest', () => {
  const paths = [
    heard({ isBest: false, stateMs: 10, remotePort: 1001 }),
    heard({ isBest: false, stateMs: 900, uplink: 1, remotePort: 1002, localPort: 443 }),
    heard({ stateMs: 1, remotePort: 1003 }),
  ]
  const [best, other] = [
    place({ remotePort: 1003 }),
    place({ uplink: 'lte0', localPort: 443, remotePort: 1002 }),
  ]
  assert.deepEqual(whereaboutsAfter({}, reading(paths), names), { 'hub-1': [best, other] })
})

test('ways that are configured, relayed, down, silent or of no uplink are not; a peer that is gone is forgotten', () => {
  const paths = [
    heard({ isLearned: false }),
    heard({ isRelayed: true }),
    heard({ state: 'down' }),
    heard({ heardMs: null }),
    heard({ uplink: 7 }),
  ]
  const known = { 'hub-1': [place()], stranger: [place()] }
  assert.deepEqual(whereaboutsAfter(known, reading(paths), names), { 'hub-1': [place()] })
})

test('a peer may have the name of something that every object has', async () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    const config = sampleConfig()
    const peers = [{ ...config.peers[0]!, name }]
    assert.deepEqual(whereaboutsAfter({}, reading([], [], { ...config, peers }), names), {})
    const { record } = recordOf(null)
    await record.read()
    assert.deepEqual(record.of(name), [])
    record.take(reading([heard({ peer: name })], [], { ...config, peers }))
    assert.deepEqual(record.of(name), [place()])
  }
})

test('a file that was cut off anywhere, or holds something else, is as none', () => {
  const text = JSON.stringify({ 'hub-1': [place()] })
  assert.deepEqual(parseWhereabouts(text), { 'hub-1': [place()] })
  for (let length = 0; length < text.length; length++) {
    assert.deepEqual(parseWhereabouts(text.slice(0, length)), {})
  }
  const bad = [
    ...[null, [], 7, { x: place() }, { x: [place({ remotePort: 0 })] }],
    ...[{ x: [place({ remoteAddress: 'host' })] }, { x: [place(), place(), place()] }],
  ]
  for (const value of bad) assert.deepEqual(parseWhereabouts(JSON.stringify(value)), {})
  assert.deepEqual(parseWhereabouts(' '.repeat(1_000_001)), {})
})

function recordOf(content: string | null, fault: CausewayError | null = null) {
  const clock = virtualClock(0)
  const isFull = { now: true }
  const written: string[] = []
  const warned: string[] = []
  const record = new WhereaboutsRecord({
    clock,
    log: { warn: (_: object, message: string) => warned.push(message) },
    numbers: { nameOf: names, numberOf: () => null },
    file: {
      read: async () => content,
      write: async (text) => {
        if (isFull.now && fault !== null) throw fault
        written.push(text)
      },
    },
  })
  return { clock, record, written, warned, isFull }
}

test('another place is written at once, the next one half a minute later, and the last one at the end', async () => {
  const { clock, record, written } = recordOf(null)
  await record.read()
  for (let port = 1; port <= 100; port++) {
    record.take(reading([heard({ remotePort: port })]))
    await clock.advance(1_000)
  }
  await record.end()
  const ports = written.map((text) => parseWhereabouts(text)['hub-1']?.[0]?.remotePort)
  assert.deepEqual(ports, [1, 31, 61, 91, 100])
  record.take(reading([heard({ remotePort: 100 })]))
  await record.end()
  assert.equal(written.length, 5)
})

test('what the file says counts until the peer is heard elsewhere; a datapath that knows nobody changes nothing', async () => {
  const { record } = recordOf(JSON.stringify({ 'hub-1': [place()] }))
  record.take(reading([heard({ remotePort: 9 })]))
  assert.deepEqual(record.of('hub-1'), [])
  await record.read()
  assert.deepEqual(record.of('hub-1'), [place()])
  record.take({ ...reading([]), generation: 0, peers: [] })
  record.take(reading([]))
  assert.deepEqual(record.of('hub-1'), [place()])
  record.take(reading([heard({ remotePort: 9 })]))
  assert.deepEqual(record.of('hub-1'), [place({ remotePort: 9 })])
})

test('a disk that is full costs the memory and no more', async () => {
  const { record, warned } = recordOf(null, new CausewayError('STORE_WRITE_FAILED', 'full'))
  await record.read()
  record.take(reading([heard()]))
  await record.end()
  assert.deepEqual(warned, ['whereabouts of peers not written'])
  assert.deepEqual(record.of('hub-1'), [place()])
})

test('what could not be written is written half a minute later, and the log has one line of it', async () => {
  const fault = new CausewayError('STORE_WRITE_FAILED', 'full')
  const { clock, record, written, warned, isFull } = recordOf(null, fault)
  await record.read()
  for (let second = 0; second < 100; second++) {
    isFull.now = second < 70
    record.take(reading([heard()]))
    await clock.advance(1_000)
  }
  assert.deepEqual(written.map(parseWhereabouts), [{ 'hub-1': [place()] }])
  assert.equal(warned.length, 1)
})
