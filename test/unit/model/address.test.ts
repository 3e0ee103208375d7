/** IPv4 as text and number, against a slow oracle that works on strings of bits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  contains,
  formatIpv4,
  formatPrefix,
  isHostOf,
  isUnicast,
  overlaps,
  parseEndpoint,
  parseInterfaceAddress,
  parseIpv4,
} from '../../../firmware/model/address.ts'

const address = fc.nat({ max: 0xffff_ffff })
const bits = fc.nat({ max: 32 })
const binary = (value: number): string => value.toString(2).padStart(32, '0')

test('what is formatted parses back', () => {
  fc.assert(fc.property(address, (value) => parseIpv4(formatIpv4(value)) === value))
})

test('near misses are no addresses', () => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.-4',
    '0x1.2.3.4',
  ]) {
    assert.equal(parseIpv4(text), null, text)
  }
  for (const text of ['1.2.3.4', '1.2.3.4/33', '1.2.3.4/', '1.2.3.4/024', '1.2.3.4/8/8']) {
    assert.equal(parseInterfaceAddress(text), null, text)
  }
  for (const text of ['1.2.3.4', ':5', '1.2.3.4:0', '1.2.3.4:65536', '1.2.3.4:05', 'host:5']) {
    assert.equal(parseEndpoint(text), null, text)
  }
  assert.deepEqual(parseEndpoint('198.51.100.7:51820'), { address: '198.51.100.7', port: 51820 })
})

test('prefixes contain and overlap as their bits say', () => {
  const prefix = fc.tuple(address, bits).map(([value, length]) => {
    const parsed = parseInterfaceAddress(`${formatIpv4(value)}/${length}`)!
    assert.equal(formatPrefix(parsed).split('/')[1], String(length))
    return parsed
  })
  fc.assert(
    fc.property(prefix, address, (one, value) => {
      const isInside = binary(value).slice(0, one.bits) === binary(one.network).slice(0, one.bits)
      return contains(one, value) === isInside
    }),
  )
  fc.assert(
    fc.property(prefix, prefix, (one, other) => {
      const shared = Math.min(one.bits, other.bits)
      const isShared =
        binary(one.network).slice(0, shared) === binary(other.network).slice(0, shared)
      return overlaps(one, other) === isShared && overlaps(other, one) === isShared
    }),
  )
})

test('network and broadcast addresses are no hosts, but on /31 and /32', () => {
  const net = parseInterfaceAddress('10.1.0.0/24')!
  assert.equal(isHostOf(net, parseIpv4('10.1.0.0')!), false)
  assert.equal(isHostOf(net, parseIpv4('10.1.0.255')!), false)
  assert.equal(isHostOf(net, parseIpv4('10.1.0.7')!), true)
  assert.equal(isHostOf(parseInterfaceAddress('10.1.0.0/31')!, parseIpv4('10.1.0.0')!), true)
  assert.equal(isUnicast(parseIpv4('224.0.0.5')!), false)
})
