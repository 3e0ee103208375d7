/** Questions about flows and their answers, byte by byte as causeway_explain.h has them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordWriter } from '../../../firmware/wire/bytes.ts'
import { interfaceBytes, nameBytes, recordSizes } from '../../../firmware/wire/datapath.ts'
import { decodeExplanation, encodeExplain } from '../../../firmware/wire/datapath-explain.ts'

const drops = ['rx_overflow', 'acl', 'segment']
const none = 0xffff_ffff

/** `struct cw_explanation`, one path and one incident. */
function answer(reason: number): Buffer {
  const { explanation, explainedPeer, explainedPath, incident } = recordSizes
  const out = new RecordWriter(explanation + explainedPeer + explainedPath + incident)
  for (const name of ['office', 'cameras', 'hush', 'lisbon', 'calls', 'voice'])
    out.name(name, nameBytes)
  out.name('wan0', interfaceBytes).address('198.51.100.1').u16(reason).u16(1432)
  for (const byte of [1, 4, 1, 1, 2, 7, 7, 255, 1]) out.u8(byte)
  out.u8(3).zeros(2).u32(40).u32(none).u32(1).u32(1).u32(1).zeros(4).name('oslo', nameBytes)
  out.name('hub-1', nameBytes).u8(2).u8(1).zeros(2).u32(12_000)
  out.address('203.0.113.2').u16(51820).u16(1432)
  for (const byte of [7, 1, 2, 5, 1, 0, 3, 34]) out.u8(byte)
  out.u32(48_000).u32(12_500).u32(none).u32(9_000).u32(20).u32(none).u32(12_000).u32(0)
  return out.u16(2).u8(1).u8(1).u32(9).u32(4_000).u32(100).end()
}

test('a question is written as its header has it', () => {
  const bytes = encodeExplain({
    segment: 'office',
    source: '10.1.0.10',
    destination: '10.2.0.10',
    sourcePort: 0,
    destinationPort: 443,
    protocol: 6,
    isAnyProtocol: true,
    dscp: 46,
    server: 'eu.crm.example',
  })
  assert.equal(bytes.length, recordSizes.explain)
  assert.equal(bytes.toString('latin1', 0, 6), 'office')
  assert.equal(
    bytes.toString('hex', 32, 64),
    `${'0'.repeat(20)}ffff0a01000a${'0'.repeat(20)}ffff0a02000a`,
  )
  assert.equal(bytes.readUInt16LE(66), 443)
  assert.equal(bytes.toString('hex', 68, 72), '062e0100')
  assert.equal(bytes.toString('latin1', 72, 86), 'eu.crm.example')
})

test('an answer is read as its header has it', () => {
  assert.deepEqual(decodeExplanation(answer(1), drops), {
    segment: 'office',
    toSegment: 'cameras',
    rule: 'hush',
    peer: 'lisbon',
    policy: 'calls',
    application: 'voice',
    port: 'wan0',
    nextHop: '198.51.100.1',
    reason: 'acl',
    mtuBytes: 1432,
    hop: 'peer',
    from: 'transit',
    fromPeer: 'oslo',
    isByKernel: true,
    hasSession: true,
    flow: 'no-room',
    path: 7,
    bestPath: 7,
    pinnedPath: null,
    isNeighbourKnown: true,
    class: 'bulk',
    flowIdleMs: 40,
    waitingMs: null,
    peers: [{ peer: 'hub-1', standing: 'held', isHub: true, holdMs: 12_000 }],
    paths: [
      {
        number: 7,
        uplink: 1,
        remoteUplink: 2,
        remoteAddress: '203.0.113.2',
        remotePort: 51820,
        verdict: 'loss',
        state: 'up',
        reason: 'well',
        obstacle: 'no-carrier',
        isMetered: false,
        isBackup: true,
        mtuBytes: 1432,
        lossPpm: 48_000,
        latencyUs: 12_500,
        jitterUs: null,
        stateMs: 9_000,
        heardMs: 20,
        suspectMs: null,
        holdMs: 12_000,
        cleanMs: 0,
        isKinDown: false,
        isKinBreaching: true,
      },
    ],
    incidents: [
      {
        reason: 'segment',
        isOfFlow: true,
        isOfAnswers: true,
        count: 9,
        firstMs: 4_000,
        lastMs: 100,
      },
    ],
  })
  assert.equal(decodeExplanation(answer(0xffff), drops).reason, null)
})

test('one that is cut short is refused', () => {
  assert.throws(() => decodeExplanation(answer(1).subarray(0, -1), drops), {
    code: 'WIRE_TRUNCATED',
  })
})
