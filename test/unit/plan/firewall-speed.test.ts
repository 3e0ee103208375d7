/** Who is let in for a speed test: nobody at first, from the overlay alone, and what is added goes by itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFirewall } from '../../../firmware/host/net/reading.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { chainOf, facts, sample } from './firewall-sample.ts'

test('a speed test is let in from the twin of its segment alone, at the box’s own addresses, once both have agreed on it', () => {
  const { host } = compile(sample(), facts)
  const rules = chainOf(host, 'box-cameras')
  const speed = rules.filter((rule) => rule.includes('@speed'))
  assert.deepEqual(speed, [
    'iifname "seg-cameras" ip saddr . ip daddr . tcp dport @speed4 accept',
    'iifname "seg-cameras" ip6 saddr . ip6 daddr . tcp dport @speed6 accept',
  ])
  const foreign = rules.findIndex((rule) => rule.includes('denied_foreign_box'))
  assert.ok(foreign < rules.indexOf(speed[0]!))
  assert.equal(rules.at(-1), 'counter name denied_box drop')
  assert.ok(!chainOf(host, 'from_uplink').join().includes('@speed'))
  for (const set of ['speed4', 'speed6']) {
    const [text = ''] = new RegExp(`set ${set} \\{[^}]*\\}`).exec(host.firewall.text) ?? []
    assert.match(text, /flags timeout\n *timeout 30s\n/)
    assert.doesNotMatch(text, /elements/)
  }
})

test('a test under way does not make the table another one, which would be loaded again', () => {
  const table = [
    { rule: { comment: 'f00d' } },
    { set: { name: 'own', elem: ['lan0'] } },
    { set: { name: 'speed4', timeout: 30, elem: [{ elem: { val: {}, timeout: 28 } }] } },
  ]
  const { sets } = readFirewall(JSON.stringify({ nftables: table }))
  assert.deepEqual(sets, ['own lan0'])
})
