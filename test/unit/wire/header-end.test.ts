/** Where headers end: what people said to each other is never kept, whatever carries it, and nothing is read beyond a packet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { headerEnd } from '../../../firmware/wire/header-end.ts'

const ethernet = 1
const raw = 101
const macs = '020000000001020000000002'
const secret = Buffer.from('the payload that nobody may see')

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(''), 'hex')
const ip4 = (protocol: string, more: string, flags = '0000'): string =>
  [`450000ff0000${flags}40${protocol}0000`, '0a010005', '0a020005', more].join('')
const ip6 = (next: string, more: string): string =>
  [`60000000ffff${next}40`, 'fd'.padEnd(32, '0'), 'fd'.padEnd(32, '1'), more].join('')
const tcp = 'c35001bb0000000000000000501000000000' + '0000'
const tcpOptions = 'c35001bb0000000000000000801000000000' + '0000' + '0101080a0000000100000002'
const udp = 'c350003500ff0000'
const echo = '0800000000010001'

const cases: readonly [name: string, linkType: number, headers: Buffer][] = [
  ['TCP', ethernet, hex(macs, '0800', ip4('06', tcp))],
  ['TCP with options', ethernet, hex(macs, '0800', ip4('06', tcpOptions))],
  ['UDP', ethernet, hex(macs, '0800', ip4('11', udp))],
  ['a ping', ethernet, hex(macs, '0800', ip4('01', echo))],
  ['UDP of IPv6', ethernet, hex(macs, '86dd', ip6('11', udp))],
  [
    'TCP of IPv6 behind destination options',
    ethernet,
    hex(macs, '86dd', ip6('3c', `0600000000000000${tcp}`)),
  ],
  ['a tagged frame', ethernet, hex(macs, '81000014', '0800', ip4('11', udp))],
  ['two tags', ethernet, hex(macs, '88a80014', '81000015', '0800', ip4('11', udp))],
  ['a later fragment', ethernet, hex(macs, '0800', ip4('11', '', '00b9'))],
  ['a later fragment of IPv6', ethernet, hex(macs, '86dd', ip6('2c', '1100000800000001'))],
  [
    'an ICMP error about UDP',
    ethernet,
    hex(macs, '0800', ip4('01', `0301000000000000${ip4('11', udp)}`)),
  ],
  ['IP without Ethernet', raw, hex(ip4('11', udp))],
  ['IPv6 without Ethernet', raw, hex(ip6('06', tcp))],
  ['an unknown protocol', ethernet, hex(macs, '0800', ip4('32', ''))],
  ['an unknown kind of frame', ethernet, hex(macs, '88cc')],
]

test('headers are kept whole and not a byte behind them', () => {
  for (const [name, linkType, headers] of cases) {
    const packet = Buffer.concat([headers, secret])
    assert.equal(headerEnd(packet, linkType), headers.length, name)
  }
  // ARP says nothing but addresses.
  assert.equal(headerEnd(Buffer.concat([hex(macs, '0806'), Buffer.alloc(46)]), ethernet), 14 + 28)
  assert.equal(headerEnd(secret, 113), 0, 'an unknown link')
})

test('a packet that is cut anywhere gives no end behind itself', () => {
  for (const [name, linkType, headers] of cases) {
    const packet = Buffer.concat([headers, secret])
    for (let length = 0; length <= packet.length; length++) {
      const end = headerEnd(packet.subarray(0, length), linkType)
      assert.ok(end <= Math.min(length, headers.length), `${name} of ${length} bytes: ${end}`)
    }
  }
})

test('whatever it is, it ends within the packet', () => {
  const link = fc.constantFrom(ethernet, raw, 113)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), link, (bytes, linkType) => {
      const end = headerEnd(Buffer.from(bytes), linkType)
      assert.ok(end >= 0 && end <= bytes.length)
    }),
    { numRuns: 2_000 },
  )
})
