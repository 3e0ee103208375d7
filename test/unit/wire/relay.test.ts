/** Relayed ways as addresses: what says relay and channel, and that nothing else does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRelayed } from '../../../firmware/model/relayed-address.ts'
import { ipBytes } from '../../../firmware/wire/ip.ts'
import { relayedAddress } from '../../../firmware/wire/relay.ts'

const key = Buffer.from('a1b2c3d4'.padEnd(64, '0'), 'hex')

test('an address of 100::/64 says the relay by four bytes of its key, and the channel', () => {
  assert.equal(relayedAddress(key, 7), '100::a1b2:c3d4:0:7')
  assert.equal(relayedAddress(key, 0xffff_fffe), '100::a1b2:c3d4:ffff:fffe')
  assert.equal(
    ipBytes(relayedAddress(key, 0x0102_0304)).toString('hex'),
    '0100000000000000a1b2c3d401020304',
  )
})

test('whatever relay and channel are, they are read again', () => {
  const keys = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(keys, fc.integer({ min: 0, max: 0xffff_ffff }), (relay, channel) => {
      const read = parseRelayed(relayedAddress(relay, channel))
      assert.deepEqual(read, { keyPrefix: Buffer.from(relay).readUInt32BE(0), channel })
    }),
  )
})

test('no other address is a relayed one', () => {
  for (const address of [
    '203.0.113.6',
    '1.0.0.0',
    '2001:db8::100',
    '100:0:0:1::1',
    '::',
    '1000::1',
    'relay',
  ])
    assert.equal(parseRelayed(address), null)
})
