/** IP addresses as bytes, against Node's own reading of them. */
import assert from 'node:assert/strict'
import { BlockList, isIP } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { ipBytes, isMappedIpv4 } from '../../../firmware/wire/ip.ts'

test('known addresses have their bytes, whatever the spelling', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['10.1.2.3', '00000000000000000000ffff0a010203'],
    ['::ffff:10.1.2.3', '00000000000000000000ffff0a010203'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['fd00::', 'fd000000000000000000000000000000'],
    ['2001:DB8::8:800:200c:417a', '20010db80000000000080800200c417a'],
    ['2001:db8:0:0:8:800:200c:417a', '20010db80000000000080800200c417a'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
  ]
  for (const [text, hex] of cases) assert.equal(ipBytes(text).toString('hex'), hex, text)
  assert.ok(isMappedIpv4(ipBytes('192.0.2.1')))
  assert.ok(!isMappedIpv4(ipBytes('2001:db8::1')))
})

test('every address that Node takes is taken and means the same', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.ipV4()), (text) => {
      const hex = ipBytes(text).toString('hex')
      const same = text.includes(':') ? hex.match(/.{4}/g)!.join(':') : text
      const list = new BlockList()
      list.addAddress(text, text.includes(':') ? 'ipv6' : 'ipv4')
      assert.ok(list.check(same, text.includes(':') ? 'ipv6' : 'ipv4'), text)
    }),
    { numRuns: 500 },
  )
})

test('what Node refuses is refused', () => {
  const text = fc.string({ unit: fc.constantFrom(...'01fF:.'), maxLength: 12 })
  fc.assert(
    fc.property(text, (value) => {
      if (isIP(value) === 0) assert.throws(() => ipBytes(value), { code: 'WIRE_INVALID' }, value)
      else assert.equal(ipBytes(value).length, 16)
    }),
    { numRuns: 3_000 },
  )
})
