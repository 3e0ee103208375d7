/** What addresses cover together: by table, and whatever the order and the way of writing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coverageOf } from '../../../firmware/model/address-range.ts'

const cases: readonly (readonly [texts: string[], covers: string[]])[] = [
  [[], []],
  [['10.0.0.7'], ['10.0.0.7-10.0.0.7']],
  [
    ['10.0.0.0/24', '10.0.1.0/24', '10.0.3.0/24'],
    ['10.0.0.0-10.0.1.255', '10.0.3.0-10.0.3.255'],
  ],
  [['10.0.0.0/8', '10.1.0.0/16', '10.0.0.0-10.0.0.9'], ['10.0.0.0-10.255.255.255']],
  [
    ['fd00::/64', '255.255.255.255', '::/128', 'fd00:0:0:1::/64'],
    ['255.255.255.255-255.255.255.255', '::-::', 'fd00::-fd00::1:ffff:ffff:ffff:ffff'],
  ],
  [
    ['seg-office', '192.0.2.1', 'lan0'],
    ['192.0.2.1-192.0.2.1', 'lan0', 'seg-office'],
  ],
]

for (const [texts, covers] of cases) {
  test(`${texts.join(', ') || 'nothing'} covers ${covers.join(', ') || 'nothing'}`, () => {
    assert.deepEqual(coverageOf(texts), covers)
    assert.deepEqual(coverageOf(texts.toReversed()), covers)
    assert.deepEqual(coverageOf(covers), covers)
  })
}
