/** When a direct way is looked for again, which end sprays what, and why there is none: by table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UplinkNat } from '../../../firmware/model/nat.ts'
import type { RelayedReason } from '../../../firmware/model/relayed-reason.ts'
import { type OwnPlace, ownCandidates } from '../../../firmware/plan/candidate.ts'
import { sprayBetween } from '../../../firmware/plan/spray.ts'
import { isSprayDue, retryMs, wallOf, whyRelayed } from '../../../firmware/plan/traversal.ts'
import { otherPlace, sampleNat, samplePlace, sampleUplink, symmetric } from './sample-place.ts'

test('while data flows a NAT that is relaxed is noticed within a minute; else it costs little', () => {
  const busy = (failures: number) => retryMs({ failures, hasData: true, isMetered: true })
  assert.deepEqual([1, 2, 3, 4, 5, 99].map(busy), [5_000, 10_000, 20_000, 40_000, 40_000, 40_000])
  assert.equal(retryMs({ failures: 1, hasData: false, isMetered: false }), 20 * 60_000)
  assert.equal(retryMs({ failures: 1, hasData: false, isMetered: true }), 60 * 60_000)
})

test('sprays come at once, after seconds, and then ever more seldom, while data flows', () => {
  const first = (hasData: boolean) =>
    Array.from({ length: 6 }, (_, sprays) =>
      [0, 5, 300, 1_800, 7_200, 90_000].find((s) => isSprayDue(sprays, s * 1_000, hasData)),
    )
  assert.deepEqual(first(true), [0, 5, 300, 1_800, 7_200, undefined])
  assert.deepEqual(first(false), [0, 5, undefined, undefined, undefined, undefined])
})

const strict = { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' } as const

test('the end whose NAT maps by destination opens mappings, the other one meets them', () => {
  const own = samplePlace({ nats: [sampleNat(symmetric)] })
  const other = otherPlace(strict)
  assert.deepEqual(sprayBetween(own, ownCandidates(other), true), {
    ...{ uplink: 1, remoteAddress: '192.0.2.2', remotePort: 50_000, near: 0, probes: 256 },
    ...{ gapMs: 5, isManyLocal: true, delayMs: 0, lastsMs: 6_320 },
  })
  assert.deepEqual(sprayBetween(other, ownCandidates(own), false), {
    ...{ uplink: 1, remoteAddress: '198.51.100.2', remotePort: 40_001, near: 0, probes: 1_024 },
    ...{ gapMs: 5, isManyLocal: false, delayMs: 200, lastsMs: 6_320 },
  })
})

test('where the NAT counts, the next ports come first, up or down, and no further than there are', () => {
  const near = (portStep: number, port: number) => {
    const mapped = { address: '198.51.100.2', port }
    const own = samplePlace({ nats: [sampleNat({ ...symmetric, portStep, mapped })] })
    const spray = sprayBetween(otherPlace(strict), ownCandidates(own), false)!
    return [spray.remotePort, spray.near]
  }
  assert.deepEqual(near(1, 40_000), [40_001, 256])
  assert.deepEqual(near(2, 40_000), [40_001, 512])
  assert.deepEqual(near(-1, 40_000), [39_744, 256])
  assert.deepEqual(near(1, 65_500), [65_501, 34])
  assert.deepEqual(near(-1, 1_100), [1_024, 256])
})

test('nobody sprays where a simple try does it, or where nothing can', () => {
  const none: Partial<UplinkNat>[][] = [
    [symmetric, symmetric],
    [strict, strict],
    [symmetric, { ...strict, filtering: 'address-dependent' }],
    [symmetric, { ...strict, filtering: 'endpoint-independent' }],
  ]
  for (const [here, there] of none) {
    const [own, other] = [samplePlace({ nats: [sampleNat(here)] }), otherPlace(there)]
    assert.equal(sprayBetween(own, ownCandidates(other), true), null)
    assert.equal(sprayBetween(other, ownCandidates(own), false), null)
  }
})

test('a spray leaves by an uplink that costs only where there is no other', () => {
  const lte = sampleUplink({ name: 'lte0', number: 0, addresses: ['10.9.0.2/24'], isMetered: true })
  const nats = [sampleNat(symmetric), sampleNat({ ...symmetric, uplink: 'lte0' })]
  const theirs = ownCandidates(otherPlace(strict))
  const of = (uplinks: Parameters<typeof sampleUplink>[0][]) =>
    sprayBetween(samplePlace({ uplinks: uplinks.map(sampleUplink), nats }), theirs, true)?.uplink
  assert.equal(of([lte, {}]), 1)
  assert.equal(of([lte]), 0)
})

test('both ends spray between the same two uplinks, whichever costs', () => {
  const lte = (net: string, isMetered: boolean, change: Partial<UplinkNat>) => ({
    uplink: sampleUplink({ name: 'lte0', number: 0, addresses: ['10.9.0.2/24'], isMetered }),
    nat: sampleNat({ ...change, uplink: 'lte0', mapped: { address: net, port: 9_000 } }),
  })
  for (const isMetered of [true, false]) {
    for (const isOtherMetered of [true, false]) {
      const mine = lte('198.51.100.99', isMetered, symmetric)
      const theirs = lte('192.0.2.99', isOtherMetered, strict)
      const nats = [sampleNat(symmetric), mine.nat]
      const own = samplePlace({ uplinks: [mine.uplink, sampleUplink()], nats })
      const plain = otherPlace(strict)
      const other = {
        ...plain,
        uplinks: [theirs.uplink, ...plain.uplinks],
        nats: [...plain.nats, theirs.nat],
      }
      for (const isSmaller of [true, false]) {
        const here = sprayBetween(own, ownCandidates(other), isSmaller)!
        const there = sprayBetween(other, ownCandidates(own), !isSmaller)!
        const seen = (number: number, place: typeof own) =>
          ownCandidates(place).find(({ kind, uplink }) => kind === 'reflexive' && uplink === number)
        assert.equal(here.remoteAddress, seen(there.uplink, other)?.address)
        assert.equal(there.remoteAddress, seen(here.uplink, own)?.address)
        assert.deepEqual([here.uplink, there.uplink], [isMetered ? 1 : 0, isOtherMetered ? 1 : 0])
      }
    }
  }
})

test('both ends spray between the same two uplinks', () => {
  const wide = (own: ReturnType<typeof samplePlace>, address: string, net: string) => ({
    ...own,
    uplinks: [...own.uplinks, sampleUplink({ name: 'wan1', number: 2, addresses: [address] })],
    nats: [...own.nats, { ...own.nats[0]!, uplink: 'wan1', mapped: { address: net, port: 9_000 } }],
  })
  const own = wide(samplePlace({ nats: [sampleNat(symmetric)] }), '10.8.0.2/24', '198.51.100.99')
  const other = wide(otherPlace(strict), '10.7.0.2/24', '192.0.2.99')
  const mine = sprayBetween(own, ownCandidates(other), true)!
  const theirs = sprayBetween(other, ownCandidates(own), false)!
  assert.deepEqual([mine.uplink, mine.remoteAddress], [1, '192.0.2.2'])
  assert.deepEqual([theirs.uplink, theirs.remoteAddress], [1, '198.51.100.2'])
})

const toldBy = (place: OwnPlace) => ({ candidates: ownCandidates(place), wall: wallOf(place) })

test('both ends give the same reason: what stands before one, the other is told', () => {
  const at = (...ports: number[]) => ports.map((port) => ({ address: '203.0.113.1', port }))
  const walled = { asked: at(51_820, 443), answered: at(443) }
  const blocked = { isBlocked: true, mapped: null, answered: [] }
  const pairs: [Partial<UplinkNat>, Partial<UplinkNat>, RelayedReason, RelayedReason][] = [
    [walled, strict, 'walled', 'peer-walled'],
    [walled, walled, 'walled', 'walled'],
    [blocked, strict, 'blocked', 'peer-blocked'],
    [blocked, walled, 'blocked', 'peer-blocked'],
    [symmetric, symmetric, 'both-dependent', 'both-dependent'],
    [strict, strict, 'unanswered', 'unanswered'],
  ]
  for (const [here, there, ...reasons] of pairs) {
    const [one, other] = [samplePlace({ nats: [sampleNat(here)] }), otherPlace(there)]
    const tried = { ways: 2, sprays: 0 }
    assert.deepEqual(
      [whyRelayed(one, toldBy(other), tried), whyRelayed(other, toldBy(one), tried)],
      reasons,
    )
  }
})

test('why a peer is relayed', () => {
  const own = (nat: Partial<UplinkNat> = {}) => samplePlace({ nats: [sampleNat(nat)] })
  const theirs = (nat: Partial<UplinkNat> = {}) => toldBy(otherPlace(nat))
  const ports = (...list: number[]) => list.map((port) => ({ address: '203.0.113.1', port }))
  const tried = { ways: 2, sprays: 0 }
  const cases: [RelayedReason, Parameters<typeof whyRelayed>][] = [
    ['blocked', [own({ isBlocked: true }), theirs(), { ways: 2, sprays: 0 }]],
    ['no-answer', [own(), null, { ways: 0, sprays: 0 }]],
    ['no-candidates', [own(), { candidates: [], wall: 'open' }, { ways: 0, sprays: 0 }]],
    ['both-dependent', [own(symmetric), theirs(symmetric), { ways: 2, sprays: 0 }]],
    ['ports-unmet', [own(symmetric), theirs(), { ways: 2, sprays: 1 }]],
    ['unanswered', [own(), theirs(), { ways: 2, sprays: 0 }]],
    ['walled', [own({ asked: ports(51_820, 443), answered: ports(443) }), theirs(), tried]],
    ['walled', [own({ asked: ports(51_820, 443, 3478), answered: ports(443) }), theirs(), tried]],
    // The hub's own firewall may hold back 3478, and its other port.
    [
      'unanswered',
      [own({ asked: ports(51_820, 443, 3478), answered: ports(51_820, 443) }), theirs(), tried],
    ],
    ['unanswered', [own({ asked: ports(443, 3478), answered: ports(443) }), theirs(), tried]],
    ['unanswered', [own({ asked: ports(51_820, 443), answered: ports(51_820) }), theirs(), tried]],
  ]
  for (const [reason, facts] of cases) assert.equal(whyRelayed(...facts), reason)
})
