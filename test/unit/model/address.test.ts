/** Addresses of both families as text and number, against a slow oracle that works on strings of bits and of groups. */
import assert from 'node:assert/strict'
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Address,
  comparePrefixes,
  contains,
  formatAddress,
  formatEndpoint,
  formatInterfaceAddress,
  formatPrefix,
  holdsSpecial,
  isGlobal,
  isHostOf,
  isLinkLocal,
  overlaps,
  type Prefix,
  parseAddress,
  parseEndpoint,
  parseInterfaceAddress,
  widthOf,
} from '../../../firmware/model/address.ts'
import { ipBytes, ipText } from '../../../firmware/wire/ip.ts'

const binary = ({ family, value }: Address): string =>
  value.toString(2).padStart(widthOf(family), '0')
const word = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat({ max: 0xffff }))
const v4 = fc.bigInt({ min: 0n, max: 0xffff_ffffn }).map((value): Address => ({ family: 4, value }))
const v6 = fc
  .array(word, { minLength: 8, maxLength: 8 })
  .map((words) => words.reduce((sum, one) => (sum << 16n) | BigInt(one), 0n))
  .filter((value) => value >> 32n !== 0xffffn)
  .map((value): Address => ({ family: 6, value }))
const address = fc.oneof(v4, v6)
const prefix = address.chain((one) =>
  fc.nat({ max: widthOf(one.family) }).map((bits): Prefix => {
    const text = `${formatAddress(one)}/${bits}`
    return parseInterfaceAddress(text)!
  }),
)

test('what is formatted parses back, and Node and the wire read it alike', () => {
  fc.assert(
    fc.property(address, (one) => {
      const text = formatAddress(one)
      assert.deepEqual(parseAddress(text), one)
      assert.equal(one.family === 4 ? isIPv4(text) : isIPv6(text), true)
      assert.equal(ipText(ipBytes(text)), text)
      const socket = new SocketAddress({ address: text, family: `ipv${one.family}` })
      if (one.family === 4) assert.equal(socket.address, text)
    }),
  )
})

test('every spelling of RFC 4291 is read, and comes out as RFC 5952 wants it', () => {
  const spelling = fc.tuple(v6, fc.nat(), fc.boolean(), fc.boolean(), fc.boolean())
  fc.assert(
    fc.property(spelling, ([one, at, isUpper, isLong, hasQuad]) => {
      const text = spell(one.value, at, isUpper, isLong, hasQuad)
      assert.deepEqual(parseAddress(text), one, text)
      assert.equal(isIPv6(text), true, text)
    }),
  )
  for (const [text, canonical] of [
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
  ] as const) {
    assert.equal(formatAddress(parseAddress(text)!), canonical)
  }
})

test('what Node takes for no address, or for an IPv4 one in disguise, is none here', () => {
  const soup = fc.string({
    unit: fc.constantFrom(...'0123456789abF:.%/[]'.split('')),
    maxLength: 24,
  })
  fc.assert(
    fc.property(soup, (text) => {
      const isAddress = isIPv4(text) || (isIPv6(text) && !text.includes('%'))
      const parsed = parseAddress(text)
      if (parsed !== null) assert.equal(isAddress, true, text)
      else if (isAddress) assert.match(text, /^[0:]*:[fF]{4}:/, text)
    }),
    { numRuns: 5_000 },
  )
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.-4',
    '0x1.2.3.4',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7::8:9',
    'fe80::1%eth0',
    '::ffff:1.2.3.4',
    '1:',
    ':1',
    '1.2.3.4::',
    '::1.2.3',
    '[::1]',
  ]) {
    assert.equal(parseAddress(text), null, text)
  }
})

test('interface addresses and endpoints: round trips and near misses', () => {
  fc.assert(
    fc.property(address, fc.integer({ min: 1, max: 65_535 }), (one, port) => {
      const endpoint = { address: formatAddress(one), port }
      assert.deepEqual(parseEndpoint(formatEndpoint(endpoint)), endpoint)
      const bits = port % (widthOf(one.family) + 1)
      const text = `${endpoint.address}/${bits}`
      assert.equal(formatInterfaceAddress(parseInterfaceAddress(text)!), text)
    }),
  )
  for (const text of [
    '1.2.3.4',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/024',
    '1.2.3.4/8/8',
    '::/129',
    '::',
    '/8',
  ]) {
    assert.equal(parseInterfaceAddress(text), null, text)
  }
  for (const text of [
    '1.2.3.4',
    ':5',
    '1.2.3.4:0',
    '1.2.3.4:65536',
    '1.2.3.4:05',
    'host:5',
    '::1:5',
    '[::1]',
    '[::1]:',
    '[1.2.3.4]:5',
    '[::1]5',
    '[::1]:5:6',
  ]) {
    assert.equal(parseEndpoint(text), null, text)
  }
})

test('prefixes contain, overlap and sort as their bits say', () => {
  const head = ({ family, network, bits }: Prefix): string =>
    `${family}${binary({ family, value: network }).slice(0, bits)}`
  fc.assert(
    fc.property(prefix, address, (one, other) => {
      return contains(one, other) === `${other.family}${binary(other)}`.startsWith(head(one))
    }),
  )
  const near = prefix.chain((one) =>
    fc.tuple(
      fc.constant(one),
      fc.oneof(
        prefix,
        fc
          .nat({ max: one.bits })
          .map((bits) => parseInterfaceAddress(`${formatPrefix(one).split('/')[0]}/${bits}`)!),
      ),
    ),
  )
  fc.assert(
    fc.property(near, ([one, other]) => {
      const isShared = head(one).startsWith(head(other)) || head(other).startsWith(head(one))
      assert.equal(overlaps(one, other), isShared)
      assert.equal(overlaps(other, one), isShared)
      assert.equal(
        Math.sign(comparePrefixes(one, other)),
        -Math.sign(comparePrefixes(other, one)) || 0,
      )
      const isSame = head(one) === head(other)
      assert.equal(comparePrefixes(one, other) === 0, isSame)
      if (isShared && !isSame) {
        assert.equal(comparePrefixes(one, other) < 0, one.bits < other.bits)
      }
    }),
  )
})

test('which addresses no host can have', () => {
  const hostOf = (text: string): boolean => {
    const one = parseInterfaceAddress(text)!
    return isHostOf(one, one.address)
  }
  for (const [text, isHost] of [
    ['10.1.0.0/24', false],
    ['10.1.0.255/24', false],
    ['10.1.0.7/24', true],
    ['10.1.0.0/31', true],
    ['10.1.0.0/32', true],
    ['fd00:1::/64', false],
    ['fd00:1::ffff:ffff:ffff:ffff/64', true],
    ['fd00:1::/127', true],
    ['fd00:1::/128', true],
  ] as const) {
    assert.equal(hostOf(text), isHost, text)
  }
  const of = (text: string): Address => parseAddress(text)!
  for (const text of [
    '0.0.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '224.0.0.5',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'ff02::1',
  ]) {
    assert.equal(isGlobal(of(text)), false, text)
  }
  for (const text of [
    '10.1.0.1',
    '100.64.0.1',
    '192.0.2.1',
    'fd00::1',
    '2001:db8::1',
    '64:ff9b::1',
  ]) {
    assert.equal(isGlobal(of(text)), true, text)
  }
  assert.equal(isLinkLocal(of('169.254.1.1')), true)
  assert.equal(isLinkLocal(of('fe80::1')), true)
  assert.equal(isLinkLocal(of('fec0::1')), false)
  fc.assert(
    fc.property(prefix, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (one, noise) => {
      const mask = (1n << BigInt(widthOf(one.family) - one.bits)) - 1n
      const inside: Address = { family: one.family, value: one.network | (noise & mask) }
      return isGlobal(inside) || holdsSpecial(one)
    }),
  )
})

/** An address as somebody might write it. */
function spell(
  value: bigint,
  at: number,
  isUpper: boolean,
  isLong: boolean,
  hasQuad: boolean,
): string {
  const words = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - 16 * index)) & 0xffffn),
  )
  const groups = words.map((one) => one.toString(16).padStart(isLong ? 4 : 1, '0'))
  const quad = words
    .slice(6)
    .flatMap((one) => [one >> 8, one & 0xff])
    .join('.')
  const texts = hasQuad ? [...groups.slice(0, 6), quad] : groups
  const zeros = texts.flatMap((text, index) => (/^0+$/.test(text) ? [index] : []))
  const start = zeros[at % Math.max(zeros.length, 1)]
  const spelt =
    start === undefined
      ? texts.join(':')
      : `${texts.slice(0, start).join(':')}::${texts.slice(start + 1).join(':')}`
  return isUpper ? spelt.toUpperCase() : spelt
}
