/** What is told of a configuration in words, and what pages propose: shares, ranges, rules, and names that change everywhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DenialAnswer } from '../../../firmware/model/local-api-denial.ts'
import { allowanceFor } from '../../../webui/config/allowance.ts'
import { applied, editsBetween } from '../../../webui/config/edit.ts'
import { problemsOfValue } from '../../../webui/config/problems.ts'
import { rangeFor } from '../../../webui/config/range.ts'
import { renameEdits } from '../../../webui/config/rename.ts'
import { sharesOf } from '../../../webui/config/shares.ts'
import { toldOf } from '../../../webui/config/words.ts'
import { configLabels } from '../../../webui/text/en-config.ts'
import { sampleConfig, wholeConfig } from '../model/sample-config.ts'

const told = (path: string, before?: unknown, after?: unknown): string => {
  const { thing, name, field, kind, ...values } = toldOf({ path, before, after }, configLabels)
  return `${kind}: ${[thing, name, field].filter(Boolean).join(' / ')}: ${values.before} → ${values.after}`
}

test('differences are told of a thing, a field, and what it was and is', () => {
  assert.equal(
    told('/segments/office/breakout', true, false),
    'changed: Segment / office / Internet breakout: yes → no',
  )
  assert.equal(
    told('/segments/office/limit/up', undefined, '4M'),
    'added: Segment / office / limit, up:  → 4M',
  )
  assert.equal(
    told('/acl/nvr', undefined, {
      ...{ name: 'nvr', action: 'allow', from: { segment: 'office', prefix: '10.1.0.0/24' } },
      ports: [443, 554],
    }),
    'added: Access rule / nvr:  → action allow; from (segment office, prefix 10.1.0.0/24); ports 443, 554',
  )
  assert.equal(
    told('/segments/office/admin', true, undefined),
    'removed: Segment / office / may manage the box: yes → no',
  )
  assert.equal(told('/policies', ['a', 'b'], ['b', 'a']), 'order: Policy: a, b → b, a')
  assert.equal(told('/dns/domain', 'a.example', undefined), 'removed: DNS / domain: a.example → ')
  assert.equal(told('/site', 'berlin', 'bonn'), 'changed: Name of the site: berlin → bonn')
  assert.equal(told('/peers/a~1b/limit', '1M', '2M').includes('a/b'), true)
  assert.ok(told('/site', '', 'x'.repeat(900)).length < 250)
})

test('edits lead from one thing to another, field by field', () => {
  const [before] = wholeConfig().uplinks
  const after = { ...before, up: '50M', address: ['192.0.2.3/24'], kind: undefined }
  const edits = editsBetween(['uplinks', 0], before, after)
  assert.deepEqual(edits.map(({ kind, at }) => `${kind} ${at.join('/')}`).toSorted(), [
    'remove uplinks/0/kind',
    'set uplinks/0/address',
    'set uplinks/0/up',
  ])
})

test('whoever names a thing calls it by its new name', () => {
  const config = wholeConfig()
  const cases = [
    ['segments', config.segments[0].name],
    ['uplinks', 'wan0'],
    ['applications', 'erp'],
    ['profiles', 'calls-first'],
  ] as const
  for (const [kind, from] of cases) {
    const index = config[kind].findIndex((one: { name: string }) => one.name === from)
    const set = { kind: 'set', at: [kind, index, 'name'], value: 'renamed' } as const
    const renamed = [set, ...renameEdits(config, kind, from, 'renamed')].reduce<unknown>(
      applied,
      config,
    )
    assert.deepEqual(problemsOfValue(renamed), [], kind)
    assert.notDeepEqual(problemsOfValue(applied(config, set)), [], `${kind} is named by others`)
  }
})

test('a bar of shares is about a hundred, and nobody has none', () => {
  const shares = sharesOf({ voice: 50, business: 60, normal: 39, bulk: 1 })
  assert.deepEqual(
    shares.map(({ percent }) => percent),
    [50, 30, 20, 1],
  )
})

test('a range fits its LAN whatever the size, and leaves the own address out', () => {
  for (const address of [
    '10.1.0.1/24',
    '10.1.0.250/24',
    '192.168.7.1/28',
    '10.0.0.1/16',
    '10.1.0.200/25',
  ]) {
    const config = sampleConfig()
    config.peers[0].segments.office = ['172.16.0.0/16']
    config.peers[1].segments.office = ['172.17.0.0/16']
    config.lans[0].address = [address]
    config.lans[0].dhcp = rangeFor([address])
    config.lans = [config.lans[0]]
    assert.deepEqual(
      problemsOfValue(config),
      [],
      `${address} ${JSON.stringify(config.lans[0].dhcp)}`,
    )
  }
  assert.deepEqual(rangeFor(['fd00::1/64']), { from: '', to: '' })
  assert.deepEqual(rangeFor(['10.0.0.1/31', 'x']), { from: '', to: '' })
})

const denial: DenialAnswer = {
  ...{ ageSeconds: 1, peer: '', source: '10.1.20.17', destination: '10.1.0.9', protocol: 6 },
  ...{ sourcePort: 51_000, destinationPort: 445, segment: 'cameras', toSegment: 'office' },
  ...{ rule: '', reason: 'acl', meaning: '', suppressed: 0 },
}

test('what was denied can be allowed by the narrowest rule, which the box takes', () => {
  const config = wholeConfig()
  const rule = allowanceFor(config, denial)!
  assert.deepEqual(rule, {
    name: 'allow-cameras-office',
    action: 'allow',
    from: { segment: 'cameras', prefix: '10.1.20.17/32' },
    to: { segment: 'office', prefix: '10.1.0.9/32' },
    protocol: 'tcp',
    ports: [445],
  })
  const at = ['acl']
  const insert = (value: object) =>
    ({ kind: 'insert', at, index: 0, value: value as never }) as const
  assert.deepEqual(problemsOfValue(applied(config, insert(rule))), [])
  const again = allowanceFor({ ...config, acl: [...config.acl, rule] }, denial)!
  assert.equal(again.name, 'allow-cameras-office-2')
  assert.equal(allowanceFor(config, { ...denial, segment: '' }), null)
  const ping = allowanceFor(config, { ...denial, protocol: 1, destinationPort: 0 })!
  assert.deepEqual([ping.protocol, ping.ports], ['icmp', undefined])
})
