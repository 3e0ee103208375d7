/**
 * What boxes behind NATs of nftables find out by their hub: through the datapath, on the overlay's own port, as data goes. The
 * hub has two addresses, so that each kind can be told from each. Needs root.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NatAnswer } from '../../firmware/model/local-api-nat.ts'
import { directMs, plainPairs } from '../accept/any-nat/expected.ts'
import { awaitDirect, openScene } from '../accept/any-nat/scene.ts'
import { bare } from './description.ts'
import { plantDrop } from './faults.ts'
import { awaitReachable, hostAddress } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { outerNatOf } from './nat.ts'
import type { AccessKind } from './nat-kind.ts'
import { describeNatSites, publicPrefixes } from './nat-sites.ts'
import { lookAt, readMetrics } from './status.ts'

const mostMs = 15_000

type IsEnough = (nat: NatAnswer) => boolean
const hasFiltering: IsEnough = ({ filtering }) => filtering !== 'unknown'
/** A hub that begins to answer when a round has begun is missing in it; the next one has it. */
const isWhole: IsEnough = (nat) => hasFiltering(nat) && nat.serversAnswered === nat.serversAsked

async function found(
  lab: Lab,
  site: string,
  family = 4,
  isEnough: IsEnough = hasFiltering,
): Promise<NatAnswer> {
  const deadlineMs = performance.now() + mostMs
  for (;;) {
    const { status } = await lookAt(lab, site)
    const nat = status.uplinks[0]!.nat.find((one) => one.family === family)
    if (nat !== undefined && isEnough(nat)) return nat
    assert.ok(performance.now() < deadlineMs, `${site}: ${JSON.stringify(status.uplinks)}`)
    await new Promise((passed) => setTimeout(passed, 50))
  }
}

async function seenAt(lab: Lab, site: string, address: string): Promise<void> {
  const deadlineMs = performance.now() + mostMs
  for (;;) {
    const { status } = await lookAt(lab, site)
    const [nat] = status.uplinks[0]!.nat
    if (nat?.mapped?.startsWith(`${address}:`)) return
    assert.ok(performance.now() < deadlineMs, `not ${address}: ${JSON.stringify(nat)}`)
    await new Promise((passed) => setTimeout(passed, 50))
  }
}

type Expected = readonly [
  mapping: NatAnswer['mapping'],
  filtering: NatAnswer['filtering'],
  said: RegExp,
]

const expected: Readonly<Record<AccessKind, Expected>> = {
  none: ['none', 'endpoint-independent', /^no NAT \(.*\); peers can reach it at any time$/],
  'full-cone': ['endpoint-independent', 'endpoint-independent', /alike .*at any time$/],
  restricted: ['endpoint-independent', 'address-dependent', /alike .*has called them$/],
  'port-restricted': [
    ...(['endpoint-independent', 'address-and-port-dependent'] as const),
    /alike .*has called them$/,
  ],
  symmetric: [
    ...(['address-and-port-dependent', 'address-and-port-dependent'] as const),
    /gives each destination another port/,
  ],
  carrier: ['endpoint-independent', 'address-and-port-dependent', /alike .*has called them$/],
  'port-443': ['unknown', 'unknown', /; of 203\.0\.113\.\d only UDP 443 can be reached$/],
}

const pairs: readonly (readonly [AccessKind, AccessKind])[] = [
  ['full-cone', 'symmetric'],
  ['restricted', 'port-restricted'],
  ['carrier', 'none'],
]

describe('discovery by a hub', () => {
  for (const [left, right] of pairs) {
    test(`behind ${left}, and behind ${right}`, async () => {
      await using lab = await openLab(describeNatSites(left, right, { hubUplinks: 2 }))
      await lab.start()
      for (const [site, kind] of [['left', left] as const, ['right', right] as const]) {
        const nat = await found(lab, site, 4, isWhole)
        const [mapping, filtering, said] = expected[kind]
        assert.deepEqual([mapping, filtering], [nat.mapping, nat.filtering], site)
        assert.match(nat.explanation, said)
        const { wan } = lab.sites.find(({ name }) => name === site)!
        const outside = bare(wan.nat?.address ?? wan.address)
        assert.ok(nat.mapped?.startsWith(`${outside}:`), `${site}: ${nat.mapped}`)
      }
      const metrics = await readMetrics(lab, 'hub')
      const answered = /^causeway_stun_requests_total\{.*reason="answered"\} (\d+)$/m.exec(metrics)
      assert.ok(Number(answered?.[1]) >= 12, metrics)
    })
  }

  test('a box that its hub sees at another address looks again, though it searches for nobody', async () => {
    await using lab = await openLab(describeNatSites('carrier', 'none'))
    await lab.start()
    await found(lab, 'left')
    await awaitReachable(lab, 'left', 'hub')
    const ping = ['ping', '-n', '-i', '0.2', hostAddress(lab, 'hub')]
    lab.spawn('left-host', ping)
    const nat = await outerNatOf(lab, 'left')
    await nat.moveOn()
    await seenAt(lab, 'left', nat.publicAddress)
  })

  // A hub that begins to answer when a round ends is heard so: at its first port alone, after which no spray can be chosen.
  test('a pair of which one end heard one port of its hub at first is direct as soon as any other', async () => {
    const onBuilt = (lab: Lab): Promise<void> => {
      const match = `iifname hub ip daddr ${publicPrefixes.right} udp sport { 443, 3478 }`
      return plantDrop(lab, 'internet', 'forward', match)
    }
    const description = describeNatSites('symmetric', 'port-restricted')
    await using scene = await openScene(description, { onBuilt })
    const { mapping, serversAnswered } = await found(scene.lab, 'right')
    assert.deepEqual([mapping, serversAnswered], ['unknown', 1])
    await scene.lab.exec('internet', ['nft', 'delete', 'table', 'inet', 'fault'])
    const direct = await awaitDirect(scene, directMs.spray)
    assert.ok(direct !== null, JSON.stringify((await lookAt(scene.lab, 'right')).status))
    assert.ok(direct.tried.left.pairs > plainPairs)
    assert.equal((await found(scene.lab, 'right')).mapping, 'endpoint-independent')
    console.log(`    after ${(direct.ms / 1_000).toFixed(1)} s`)
  })

  test('behind a firewall that lets nothing out but 443; and in both families without one', async () => {
    const v6 = (site: string) => {
      const net = { hub: '2001:db8:1:', right: '2001:db8:3:' }[site]
      const places = { address: `${net}:2/64`, gateway: `${net}:1/64` }
      return net === undefined ? {} : { v6: places }
    }
    const options = { endpoints: [4, 6], link: v6 } as const
    await using lab = await openLab(describeNatSites('port-443', 'none', options))
    await lab.start()
    const both = await found(lab, 'right', 6)
    assert.deepEqual(
      [both.mapping, both.mapped, both.local, both.serversAnswered],
      ['none', '[2001:db8:3::2]:51820', '[2001:db8:3::2]:51820', 3],
    )
    // A hub with one address cannot tell more.
    assert.equal(both.filtering, 'address-dependent')
    assert.equal((await found(lab, 'right')).mapping, 'none')
    const deadlineMs = performance.now() + mostMs
    for (;;) {
      const { status } = await lookAt(lab, 'left')
      const nat = status.uplinks[0]!.nat[0]
      const isUp = status.peers.find(({ name }) => name === 'hub')!.state === 'up'
      // The hub begins to answer when it begins: whoever asked before asks again.
      if (isUp && nat !== undefined && expected['port-443'][2].test(nat.explanation)) {
        assert.equal(nat.isBlocked, false)
        break
      }
      assert.ok(performance.now() < deadlineMs, JSON.stringify(status))
      await new Promise((passed) => setTimeout(passed, 50))
    }
  })
})
