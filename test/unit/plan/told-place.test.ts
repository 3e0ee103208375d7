/** Where a box says that it can be called, and where it calls whom somebody else speaks for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OwnPlace } from '../../../firmware/plan/candidate.ts'
import { placesToTell, soundPlaces } from '../../../firmware/plan/told-place.ts'
import { sampleNat } from './sample-place.ts'

const uplink = { number: 1, isMetered: false, network: 'internet' } as const
const mapped = { address: '198.51.100.2', port: 40_001 }

function placeOf(more: Partial<OwnPlace>): OwnPlace {
  return {
    ...{ port: 51_820, ports: [443], inside: ['10.1.0.0/24', '100.99.0.0/16', '20.1.0.0/24'] },
    ...{ uplinks: [{ ...uplink, name: 'wan0', addresses: ['192.168.2.2/24'] }] },
    nats: [sampleNat({ mapped })],
    ...more,
  }
}

test('behind a NAT it is what others see; where nothing hides the box, its own global address', () => {
  assert.deepEqual(placesToTell(placeOf({})), [mapped])
  const open = placeOf({
    uplinks: [{ ...uplink, name: 'wan0', addresses: ['203.0.113.5/24', '2001:db8::5/64'] }],
    nats: [],
  })
  assert.deepEqual(placesToTell(open), [
    { address: '203.0.113.5', port: 51_820 },
    { address: '2001:db8::5', port: 51_820 },
  ])
})

test('what nobody outside can call is not told: private addresses, those of carriers, private networks', () => {
  for (const address of ['192.168.2.2/24', '10.0.0.2/8', '100.64.1.2/10', 'fd00::2/64']) {
    const uplinks = [{ ...uplink, name: 'wan0', addresses: [address] }]
    assert.deepEqual(placesToTell(placeOf({ uplinks, nats: [] })), [], address)
  }
  const mpls = {
    ...uplink,
    name: 'wan0',
    network: 'private',
    addresses: ['203.0.113.5/24'],
  } as const
  assert.deepEqual(placesToTell(placeOf({ uplinks: [mpls], nats: [] })), [])
  assert.deepEqual(placesToTell(placeOf({ nats: [sampleNat({ mapped: null })] })), [])
})

test('an uplink that is paid for comes last', () => {
  const uplinks = [
    { ...uplink, name: 'lte0', isMetered: true, addresses: ['203.0.113.5/24'] },
    { ...uplink, name: 'wan0', addresses: ['198.51.100.5/24'] },
  ]
  const told = placesToTell(placeOf({ uplinks, nats: [] })).map(({ address }) => address)
  assert.deepEqual(told, ['198.51.100.5', '203.0.113.5'])
})

test("a peer's places are foreign: only such are called as a peer can be at", () => {
  const own = placeOf({
    uplinks: [{ ...uplink, name: 'wan0', addresses: ['192.168.2.2/24', '203.0.113.5/24'] }],
  })
  const sound = [
    { address: '192.0.2.9', port: 51_820 },
    { address: '2001:db8:9::1', port: 40_000 },
    // Another one behind the same router.
    { address: mapped.address, port: 40_002 },
  ]
  const unsound = [
    ...['127.0.0.1', '0.0.0.0', '169.254.1.1', '224.0.0.1', '255.255.255.255'],
    ...['::1', '::', 'fe80::1', 'ff02::1', '::ffff:192.0.2.9', 'name.example', ''],
    ...['10.1.0.7', '192.168.9.9', '172.16.1.1', '100.64.0.1', '100.99.1.1', '20.1.0.7'],
    ...['203.0.113.5', 'fd00::9'],
  ].map((address) => ({ address, port: 51_820 }))
  for (const one of unsound) assert.deepEqual(soundPlaces([one], own), [], one.address)
  assert.deepEqual(soundPlaces([mapped, { ...sound[0]!, port: 0 }, ...sound], own), sound)
  const many = Array.from({ length: 40 }, (_, index) => ({ address: '192.0.2.9', port: index + 1 }))
  assert.equal(soundPlaces(many, own).length, 16)
})
