/** The verbs of traversal: bytes are those that C writes for the same (native/fuzz/seeds_border.c), and its events are read. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { relayUplink } from '../../../firmware/model/traversal-program.ts'
import { RecordWriter } from '../../../firmware/wire/bytes.ts'
import { decodeEvent, nameBytes, recordSizes, verbs } from '../../../firmware/wire/datapath.ts'
import {
  encodeChannel,
  encodeChannelEnd,
  encodeChannelsAsk,
  encodeRelaySend,
  encodeSpray,
  encodeTry,
} from '../../../firmware/wire/datapath-traversal.ts'
import { relayedAddress } from '../../../firmware/wire/relay.ts'

const corpus = join(import.meta.dirname, '../../../native/fuzz/corpus/call/traversal')

/** As native/fuzz/fuzz_call.c reads them: verb, room for the answer, length, bytes. */
function call(verb: number, bytes: Buffer, room = 64): Buffer {
  const head = Buffer.from([verb, 0, 0, 0, 0])
  head.writeUInt16BE(room, 1)
  head.writeUInt16BE(bytes.length, 3)
  return Buffer.concat([head, bytes])
}

test('bytes are those that C writes', () => {
  const initiation = Buffer.alloc(160)
  initiation[0] = 0xd4
  const spray = {
    peer: 'far',
    uplink: 0,
    remoteAddress: '203.0.113.7',
    remotePort: 40_000,
    near: 16,
    probes: 512,
    gapMs: 2,
    isManyLocal: true,
  }
  const relay = Buffer.alloc(32, 9)
  const ways = [
    { uplink: 0, localPort: 443, remoteAddress: '203.0.113.7', remotePort: 51_820 },
    { uplink: relayUplink, localPort: 0, remoteAddress: relayedAddress(relay, 7), remotePort: 0 },
  ]
  const channel = { peer: 'far', channel: 1, to: 'other', toChannel: 2, rateBps: 50_000_000 }
  assert.deepEqual(
    Buffer.concat([
      call(verbs.channel, encodeChannel(channel)),
      call(verbs.channels, encodeChannelsAsk(0), 400),
      call(verbs.relay, encodeRelaySend({ relay: 'far', channel: 7, datagram: initiation })),
      call(verbs.channelClose, encodeChannelEnd({ peer: 'far', channel: 1 })),
      call(verbs.try, encodeTry({ peer: 'other', forMs: 10_000, ways })),
      call(verbs.spray, encodeSpray(spray)),
      call(verbs.spray, encodeSpray({ ...spray, probes: 0 })),
    ]),
    readFileSync(corpus),
  )
})

function event(kind: number, datagram: Uint8Array): Buffer {
  const length = recordSizes.relayed + datagram.length
  return new RecordWriter(recordSizes.event + length)
    .u16(kind)
    .u16(length)
    .u32(0)
    .name('hub-1', nameBytes)
    .u32(7)
    .u32(0)
    .bytes(datagram, datagram.length)
    .end()
}

test('a handshake that came by a relay, and a channel that has ended', () => {
  const datagram = Buffer.from('d5010203', 'hex')
  const relayed = { kind: 'relayed', peer: 'hub-1', channel: 7, datagram }
  assert.deepEqual(decodeEvent(event(10, datagram), []), relayed)
  const ended = { kind: 'channel-ended', peer: 'hub-1', channel: 7 }
  assert.deepEqual(decodeEvent(event(11, new Uint8Array(0)), []), ended)
  const cut = event(10, datagram).subarray(0, recordSizes.event + 4)
  assert.throws(() => decodeEvent(cut, []), { code: 'WIRE_TRUNCATED' })
})
