/** What a box says of where it is, and which ways to a peer it makes of what that says: by table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Candidate } from '../../../firmware/model/candidate.ts'
import {
  mostWays,
  type OwnPlace,
  ownCandidates,
  soundCandidates,
  waysBetween,
} from '../../../firmware/plan/candidate.ts'
import { relayedAddress } from '../../../firmware/wire/relay.ts'
import { otherPlace, sampleNat, samplePlace, sampleUplink, symmetric } from './sample-place.ts'

const text = ({ kind, address, port }: Candidate): string => `${kind} ${address} ${port}`

function waysOf(own: OwnPlace, other: OwnPlace): string[] {
  const ways = waysBetween(own, soundCandidates(ownCandidates(other), own))
  return ways.map(
    ({ uplink, remoteAddress, remotePort }) => `${uplink} ${remoteAddress} ${remotePort}`,
  )
}

test('behind a NAT a box has its own address and the one that others see', () => {
  assert.deepEqual(ownCandidates(samplePlace()).map(text), [
    'host 192.168.2.2 51820',
    'reflexive 198.51.100.2 40000',
  ])
})

test('without a NAT its own address says it all, and other ports of the overlay are told', () => {
  const mapped = { address: '198.51.100.2', port: 51_820 }
  const own = samplePlace({
    uplinks: [sampleUplink({ addresses: ['198.51.100.2/24', '2001:db8::2/64'] })],
    nats: [sampleNat({ mapping: 'none', filtering: 'endpoint-independent', mapped })],
    ports: [443],
  })
  assert.deepEqual(ownCandidates(own).map(text), [
    'host 198.51.100.2 51820',
    'host 2001:db8::2 51820',
    'host 198.51.100.2 443',
    'host 2001:db8::2 443',
  ])
  const [{ mapping, filtering }] = ownCandidates(own) as [Candidate]
  assert.deepEqual([mapping, filtering], ['none', 'open'])
})

test('what the NAT does is told in the words of the wire', () => {
  const [, seen] = ownCandidates(otherPlace({ ...symmetric, portStep: 2 }))
  assert.deepEqual(seen, {
    ...{ kind: 'reflexive', uplink: 1, mapping: 'dependent', filtering: 'address-and-port' },
    ...{ address: '192.0.2.2', port: 50_000, portStep: 2, isMetered: false },
  })
})

test('of a peer nothing is believed that leads nowhere, here, or into what lies behind', () => {
  const own = samplePlace({ inside: ['10.3.0.0/24', 'fd00:3::/64'] })
  const bad = [
    ...['0.0.0.0', '127.0.0.1', '224.0.0.1', '255.255.255.255', '169.254.1.1'],
    ...['::', '::1', 'fe80::1', 'ff02::1', relayedAddress(Buffer.alloc(32, 1), 7)],
    ...['192.168.2.2', '10.3.0.9', 'fd00:3::9'],
  ]
  const of = (address: string, port = 4_000): Candidate => ({
    ...{
      kind: 'host',
      uplink: 1,
      mapping: 'unknown',
      filtering: 'unknown',
      portStep: 0,
      isMetered: false,
    },
    ...{ address, port },
  })
  const mine = of('198.51.100.2', 40_000)
  const good = [of('198.51.100.2'), of('203.0.113.9'), of('2001:db8::9')]
  const all = [...bad.map((address) => of(address)), mine, of('203.0.113.9', 0), ...good]
  assert.deepEqual(soundCandidates(all.slice(0, 16), own), [good[0]])
  assert.deepEqual(soundCandidates(good, own), good)
  const many = Array.from({ length: 20 }, (_, at) => of(`203.0.113.${at + 1}`))
  assert.equal(soundCandidates(many, own).length, 16)
})

test('two NATs: as the Internet sees the other first, then as it sees itself', () => {
  assert.deepEqual(waysOf(samplePlace(), otherPlace()), [
    '1 192.0.2.2 50000',
    '1 192.168.3.2 51820',
  ])
})

test('one NAT for both, or one network: the LAN first', () => {
  const nats = [sampleNat({ mapped: { address: '198.51.100.2', port: 41_000 } })]
  const near = samplePlace({ uplinks: [sampleUplink({ addresses: ['192.168.2.3/24'] })], nats })
  assert.deepEqual(waysOf(samplePlace(), near), ['1 192.168.2.3 51820', '1 198.51.100.2 41000'])
  const beside = samplePlace({ uplinks: [sampleUplink({ addresses: ['192.168.77.3/24'] })], nats })
  assert.deepEqual(waysOf(samplePlace(), beside)[0], '1 192.168.77.3 51820')
})

test('by each uplink of the family; what costs comes last; a private network has hosts alone', () => {
  const own = samplePlace({
    uplinks: [
      sampleUplink({ name: 'lte0', number: 3, addresses: ['100.64.9.9/24'], isMetered: true }),
      sampleUplink({ addresses: ['198.51.100.2/24'] }),
      sampleUplink({ name: 'mpls0', number: 2, addresses: ['172.16.1.1/24'], network: 'private' }),
      sampleUplink({ name: 'wan6', number: 4, addresses: ['2001:db8::2/64'] }),
    ],
    nats: [],
  })
  assert.deepEqual(waysOf(own, otherPlace()), [
    '2 192.168.3.2 51820',
    '1 192.0.2.2 50000',
    '3 192.0.2.2 50000',
    '3 192.168.3.2 51820',
  ])
})

test('another port of a peer is for those whose datagrams go nowhere else', () => {
  const mapped = { address: '192.0.2.2', port: 51_820 }
  const open = {
    ...otherPlace({ mapping: 'none', mapped }),
    uplinks: [sampleUplink({ addresses: ['192.0.2.2/24'] })],
    ports: [443],
  }
  assert.deepEqual(waysOf(samplePlace(), open), ['1 192.0.2.2 51820'])
  const blocked = samplePlace({ nats: [sampleNat({ isBlocked: true, mapped: null })] })
  assert.deepEqual(waysOf(blocked, open), ['1 192.0.2.2 51820', '1 192.0.2.2 443'])
})

test('however much a peer says, twelve ways are tried', () => {
  const uplinks = [1, 2, 3, 4].map((number) =>
    sampleUplink({ name: `wan${number}`, number, addresses: [`198.51.100.${number}/24`] }),
  )
  const theirs = [5, 6, 7, 8].map((number) =>
    sampleUplink({ name: `wan${number}`, number, addresses: [`192.0.2.${number}/24`] }),
  )
  const other = samplePlace({ uplinks: theirs, nats: [] })
  assert.equal(waysOf(samplePlace({ uplinks, nats: [] }), other).length, mostWays)
})
