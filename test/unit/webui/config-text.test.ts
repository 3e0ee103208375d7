/** A configuration's text under edits: what was meant, and nothing else, is different afterwards. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { applied, type Edit } from '../../../webui/config/edit.ts'
import { lineDiff } from '../../../webui/config/line-diff.ts'
import type { Value } from '../../../webui/config/spell.ts'
import { edited, editedAll, valueOfText } from '../../../webui/config/text.ts'
import { wholeConfig } from '../model/sample-config.ts'

const text = `# Berlin, since 2024
version: 1
revision: 7   # counted by hand
site: berlin

uplinks:
  # fibre of the landlord
  - name: wan0
    nic: netdev:enp1s0
    address: [192.0.2.2/24, "2001:db8::2/64"]
    up: 40M # as sold
  - { name: lte0, nic: "netdev:wwan0", address: dhcp } # spare

segments:
  - name: office
    vni: 100
  # eyes
  - name: cameras
    vni: 200
    limit: { up: 4M }
peers:
  - name: lisbon
    segments:
      office:
        - 10.2.0.0/16 # all of it
        - 10.3.0.0/16
acl: []
`

/** Lines that are gone and new. */
function changed(edit: Edit): readonly string[] {
  const after = edited(text, edit)
  assert.deepEqual(valueOfText(after), applied(valueOfText(text), edit))
  return lineDiff(text, after)
    .filter(({ kind }) => kind !== 'same')
    .map(({ kind, text: line }) => `${kind === 'gone' ? '-' : '+'}${line}`)
}

const cases: readonly [sentence: string, edit: Edit, lines: readonly string[]][] = [
  [
    'a word, and the comment behind it stays',
    { kind: 'set', at: ['uplinks', 0, 'up'], value: '50M' },
    ['-    up: 40M # as sold', '+    up: 50M # as sold'],
  ],
  [
    'a new field below the others',
    { kind: 'set', at: ['segments', 0, 'breakout'], value: true },
    ['+    breakout: true'],
  ],
  [
    'a field in braces',
    { kind: 'set', at: ['uplinks', 1, 'backup'], value: true },
    [
      '-  - { name: lte0, nic: "netdev:wwan0", address: dhcp } # spare',
      '+  - { name: lte0, nic: "netdev:wwan0", address: dhcp, backup: true } # spare',
    ],
  ],
  [
    'a list in brackets',
    { kind: 'set', at: ['uplinks', 0, 'address'], value: ['192.0.2.3/24'] },
    ['-    address: [192.0.2.2/24, "2001:db8::2/64"]', '+    address: [192.0.2.3/24]'],
  ],
  [
    'a word instead of a list',
    { kind: 'set', at: ['uplinks', 0, 'address'], value: 'dhcp' },
    ['-    address: [192.0.2.2/24, "2001:db8::2/64"]', '+    address: dhcp'],
  ],
  [
    'one of a list with a line each',
    {
      kind: 'set',
      at: ['peers', 0, 'segments', 'office'],
      value: ['10.2.0.0/16', '10.4.0.0/16'],
    },
    ['-        - 10.3.0.0/16', '+        - 10.4.0.0/16'],
  ],
  [
    'the first rule',
    {
      kind: 'insert',
      at: ['acl'],
      index: 0,
      value: { name: 'nvr', action: 'allow', from: { segment: 'office' }, ports: [443] },
    },
    [
      '-acl: []',
      '+acl:',
      '+  - name: nvr',
      '+    action: allow',
      '+    from: { segment: office }',
      '+    ports: [443]',
    ],
  ],
  [
    'a section that is not there yet',
    { kind: 'insert', at: ['policies'], index: 0, value: { name: 'default', metered: 'ok' } },
    ['+policies:', '+  - name: default', '+    metered: ok'],
  ],
  [
    'an entry before another',
    { kind: 'insert', at: ['segments'], index: 1, value: { name: 'guests', vni: 300 } },
    ['+  - name: guests', '+    vni: 300'],
  ],
  [
    'an entry and the comment above it go',
    { kind: 'remove', at: ['segments', 1] },
    ['-  # eyes', '-  - name: cameras', '-    vni: 200', '-    limit: { up: 4M }'],
  ],
  [
    'the last field inside braces goes with them empty',
    { kind: 'remove', at: ['segments', 1, 'limit', 'up'] },
    ['-    limit: { up: 4M }', '+    limit: {}'],
  ],
  [
    'a field of a field that is not there',
    { kind: 'set', at: ['dns', 'domain'], value: 'berlin.example.com' },
    ['+dns: { domain: berlin.example.com }'],
  ],
  [
    'the revision alone',
    { kind: 'set', at: ['revision'], value: 8 },
    ['-revision: 7   # counted by hand', '+revision: 8   # counted by hand'],
  ],
]
for (const [sentence, edit, lines] of cases) {
  test(`it changes ${sentence}`, () => assert.deepEqual(changed(edit), lines))
}

test('entries change places with their comments', () => {
  const after = edited(text, { kind: 'move', at: ['segments'], from: 1, to: 0 })
  const section = after.slice(after.indexOf('segments:'), after.indexOf('peers:'))
  assert.equal(
    section,
    'segments:\n  # eyes\n  - name: cameras\n    vni: 200\n    limit: { up: 4M }\n  - name: office\n    vni: 100\n',
  )
})

test('what is no YAML is left alone', () => {
  assert.equal(edited('a: [', { kind: 'set', at: ['b'], value: 1 }), 'a: [')
})

test('words that would be read as something else are quoted', () => {
  const words = [
    'yes',
    '1.10',
    '0x1f',
    'null',
    '~',
    '*.example.com',
    'a: b',
    '# c',
    '1e3',
    '',
    ' x',
  ]
  const after = edited(text, { kind: 'set', at: ['words'], value: words })
  assert.deepEqual((valueOfText(after) as { words: unknown }).words, words)
})

const token = fc.oneof(
  fc.constantFrom(
    'uplinks',
    'segments',
    'lans',
    'peers',
    'acl',
    'policies',
    'dns',
    'name',
    'limit',
  ),
  fc.constantFrom('up', 'address', 'for', 'from', 'office', 'new field'),
  fc.nat(3),
)
const value = fc.oneof(
  fc.constantFrom<Value>('40M', true, 7, null, [], {}, ['a', 'b'], { name: 'x', deep: { a: [1] } }),
  fc.string(),
)
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('set' as const),
      at: fc.array(token, { minLength: 1, maxLength: 4 }),
      value,
    },
    { noNullPrototype: true },
  ),
  fc.record(
    { kind: fc.constant('remove' as const), at: fc.array(token, { minLength: 1, maxLength: 4 }) },
    { noNullPrototype: true },
  ),
  fc.record(
    {
      kind: fc.constant('insert' as const),
      at: fc.array(token, { minLength: 1, maxLength: 2 }),
      index: fc.nat(2),
      value,
    },
    { noNullPrototype: true },
  ),
  fc.record(
    {
      kind: fc.constant('move' as const),
      at: fc.array(token, { minLength: 1, maxLength: 2 }),
      from: fc.nat(2),
      to: fc.nat(2),
    },
    { noNullPrototype: true },
  ),
)
/** As people, machines and both write it. */
const forms: readonly string[] = [
  text,
  stringify(wholeConfig()),
  JSON.stringify(wholeConfig()),
  JSON.stringify(wholeConfig(), null, 2),
  // A comment behind each line: none may be folded.
  `# top\n${stringify(wholeConfig(), { indentSeq: false, lineWidth: 0 }).replaceAll('\n', ' # c\n')}`,
]

test('whatever is edited, the text stays YAML, and says what the value became', () => {
  fc.assert(
    fc.property(fc.constantFrom(...forms), fc.array(edit, { maxLength: 6 }), (form, edits) => {
      // Only what can be meant: a page edits what it has read.
      const meant = edits.filter((one) => isMeant(parse(form), one))
      let now = form
      for (const one of meant) {
        const want = isMeant(valueOfText(now), one) ? applied(valueOfText(now), one) : null
        if (want === null) continue
        now = edited(now, one)
        assert.deepEqual(valueOfText(now), JSON.parse(JSON.stringify(want)))
      }
    }),
    { numRuns: 400 },
  )
})

test('comments live through many edits of what they do not stand at', () => {
  const edits: Edit[] = [
    { kind: 'set', at: ['site'], value: 'bonn' },
    { kind: 'set', at: ['uplinks', 0, 'down'], value: '100M' },
    { kind: 'insert', at: ['segments'], index: 2, value: { name: 'guests', vni: 9 } },
    { kind: 'move', at: ['segments'], from: 2, to: 0 },
    { kind: 'remove', at: ['segments', 0] },
    { kind: 'insert', at: ['peers', 0, 'segments', 'office'], index: 0, value: '10.9.0.0/16' },
  ]
  const after = editedAll(text, edits)
  const comments = text.match(/#.*/g) ?? []
  assert.deepEqual(after.match(/#.*/g), comments)
})

/** Holders are there, and are lists where lists are meant. */
function isMeant(root: unknown, { kind, at }: Edit): boolean {
  let holder: unknown = root
  const inner = kind === 'set' || kind === 'remove' ? at.slice(0, -1) : at
  for (const token of inner) {
    if (holder === undefined) break
    if (typeof holder !== 'object' || holder === null) return false
    if (Array.isArray(holder) !== (typeof token === 'number')) return false
    if (Array.isArray(holder) && Number(token) >= holder.length) return false
    holder = (holder as Record<string | number, unknown>)[token]
  }
  if (kind === 'insert' && holder !== undefined) return Array.isArray(holder)
  if (kind === 'move') return Array.isArray(holder) && holder.length > 2
  if (holder === undefined) return at.every((token) => typeof token === 'string')
  if (typeof holder !== 'object' || holder === null) return false
  const last = at.at(-1)!
  if (Array.isArray(holder)) return typeof last === 'number' && last < holder.length
  return typeof last === 'string'
}
