/**
 * A NAT that gives each destination another port, but always the next one, before a peer whose NAT lets in only ports that it has
 * sent to: STUN tells that it counts, so a spray finds a mapping among the first ports that it tries. Real packets. Needs root.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { awaitDirect, firstAnswer, openScene } from '../accept/any-nat/scene.ts'
import { describeNatSites } from './nat-sites.ts'
import { lookAt } from './status.ts'

const firstMs = 10_000
const directMs = 20_000
/**
 * Pairs of a mapping and a probe: of so many, among all ports, chance alone would meet in one case of eight. Each end goes on for as
 * long as the other is late or what it sent is on its way; where ports are foretold, few of the later one are enough.
 */
const mostPairs = 128 * 64

for (const [left, right] of [
  ['symmetric-counting', 'port-restricted'],
  ['port-restricted', 'symmetric-counting'],
] as const) {
  test(`${left} and ${right} meet at a port that was foretold`, async () => {
    await using scene = await openScene(describeNatSites(left, right))
    assert.ok((await firstAnswer(scene, firstMs)) !== null, 'no packet passed')
    const direct = await awaitDirect(scene, directMs)
    const counts = left === 'symmetric-counting' ? 'left' : 'right'
    const { status } = await lookAt(scene.lab, counts)
    const [nat] = status.uplinks[0]!.nat
    assert.ok(direct !== null, JSON.stringify(nat))
    const [mappings, probes] = [
      direct.tried[counts].pairs,
      direct.tried[counts === 'left' ? 'right' : 'left'].pairs,
    ]
    console.log(`    ${Math.round(direct.ms)} ms, ${mappings} mappings, ${probes} probes`)
    assert.deepEqual([nat!.mapping, nat!.portStep], ['address-and-port-dependent', 1])
    assert.ok(mappings * probes <= mostPairs, `${mappings}, ${probes}`)
  })
}
