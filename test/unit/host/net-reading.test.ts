/** What ethtool, ip and nft print, in the model's words: by table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isGoneAlready,
  readFeatures,
  readFirewall,
  readLinks,
} from '../../../firmware/host/net/reading.ts'

test("features bear the kernel's names, and say whether they can be changed", () => {
  const text = JSON.stringify([
    {
      ifname: 'enp1s0',
      'tx-checksumming': { active: true, fixed: null, requested: null },
      'generic-receive-offload': { active: true, fixed: false, requested: true },
      'large-receive-offload': { active: true, fixed: false, requested: true },
      'rx-udp-gro-forwarding': { active: false, fixed: true, requested: false },
    },
  ])
  assert.deepEqual(readFeatures(text), {
    'tx-checksumming': { isOn: true, isFixed: false },
    'rx-gro': { isOn: true, isFixed: false },
    'rx-lro': { isOn: true, isFixed: false },
    'rx-udp-gro-forwarding': { isOn: false, isFixed: true },
  })
})

test("a link tells its driver's limit, or nothing on a kernel that does not", () => {
  const limits = readLinks('[{"ifname":"a","tso_max_size":64000},{"ifname":"b"}]')
  assert.deepEqual(
    limits.map(({ tsoMaxBytes }) => tsoMaxBytes),
    [64_000, null],
  )
})

const words: readonly [string, boolean][] = [
  ['RTNETLINK answers: No such process\nCommand failed -:1\n', true],
  ['Error: FIB table does not exist.\nCommand failed -:2', true],
  ['Error: ipv4: Address not found.\nCommand failed -:1\n', true],
  ['RTNETLINK answers: No such file or directory\nCommand failed -:1', true],
  [
    'Cannot find device "wan0"\nCommand failed -:1\nCannot find device "lan0"\nCommand failed -:3',
    true,
  ],
  ['RTNETLINK answers: Operation not permitted\nCommand failed -:1', false],
  ['Cannot find device "wan0"\nCommand failed -:1\nRTNETLINK answers: File exists', false],
  ['', false],
]

for (const [stderr, isGone] of words) {
  test(`a removal that ends with ${JSON.stringify(stderr)} is ${isGone ? 'done' : 'a failure'}`, () => {
    assert.equal(isGoneAlready(stderr), isGone)
  })
}

test('a set that the table fills by itself is not compared', () => {
  const held = { set: { name: 'own', elem: ['lan0'] } }
  const filled = { set: { name: 'stun_asked', flags: ['timeout'], timeout: 3, elem: [] } }
  const text = JSON.stringify({ nftables: [held, filled] })
  assert.deepEqual(readFirewall(text).sets, ['own lan0'])
})
