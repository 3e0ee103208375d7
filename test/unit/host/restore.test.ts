/** Secrets that were hidden go back to where they were, and nowhere else; the rest of a text stays as it came. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { redact } from '../../../firmware/host/config/redact.ts'
import { restoreSecrets } from '../../../firmware/host/config/restore.ts'
import { withRevision } from '../../../firmware/host/config/revision.ts'

const text = `# by hand
revision: 7 # counted
peers:
  - name: lisbon # the first
    psk: "s3cret one"
  - { name: oslo, psk: hunter2 }
  - name: rome
    psk: [new, old]
wifi:
  password: 'p: q'
`

test('a text that comes back as it was shown has its secrets again', () => {
  const back = restoreSecrets(redact(text), text)
  assert.deepEqual(parse(back), parse(text))
  assert.match(back, /# by hand/)
  assert.match(back, /psk: "s3cret one"/)
  assert.match(back, /password: 'p: q'/)
})

test('entries that moved, and those beside new ones, keep their own', () => {
  const shown = `peers:
  - name: oslo
    psk: <hidden> # stays
  - name: paris
    psk: mine
  - { name: lisbon, psk: <hidden>, mtu: 5 }
`
  const back = restoreSecrets(shown, text)
  assert.equal(back, shown.replace('<hidden> #', 'hunter2 #').replace('<hidden>,', '"s3cret one",'))
})

const refused: readonly [sentence: string, shown: string, path: string][] = [
  [
    'a new name',
    'peers:\n  - name: oslo\n    psk: <hidden>\n  - name: evil\n    psk: <hidden>\n',
    '/peers/1/psk',
  ],
  ['another field of the same thing', 'wifi: { token: <hidden> }\n', '/wifi/token'],
  ['another place', 'users:\n  - { name: oslo, psk: <hidden> }\n', '/users/0/psk'],
  [
    'a name that stands twice',
    'peers:\n  - { name: oslo, psk: <hidden> }\n  - { name: oslo, psk: <hidden> }\n',
    '/peers/1/psk',
  ],
  ['a field inside a field', 'wifi:\n  deep: { password: <hidden> }\n', '/wifi/deep/password'],
]
for (const [sentence, shown, path] of refused) {
  test(`no secret is given to ${sentence}`, () => {
    assert.throws(() => restoreSecrets(shown, text), { code: 'CONFIG_SECRET_HIDDEN', path })
  })
}

test('the mark in a field that is no secret is only text', () => {
  const shown = 'site: <hidden>\nnote: "psk: <hidden>"\n'
  assert.equal(restoreSecrets(shown, text), shown)
})

test('entries without names are told apart by all that is not secret of them', () => {
  const source = 'keys:\n  - { id: 1, token: a }\n  - { id: 2, token: b }\n  - { token: c }\n'
  const shown = 'keys:\n  - { id: 2, token: <hidden> }\n  - { id: 1, token: <hidden> }\n'
  assert.deepEqual(parse(restoreSecrets(shown, source)), {
    keys: [
      { id: 2, token: 'b' },
      { id: 1, token: 'a' },
    ],
  })
  const changed = 'keys:\n  - { id: 3, token: <hidden> }\n'
  assert.throws(() => restoreSecrets(changed, source), { code: 'CONFIG_SECRET_HIDDEN' })
  const alike = 'keys:\n  - { id: 1, token: a }\n  - { id: 1, token: b }\n'
  assert.throws(() => restoreSecrets('keys:\n  - { id: 1, token: <hidden> }\n', alike), {
    code: 'CONFIG_SECRET_HIDDEN',
  })
})

test('whatever a secret is, and however its entry is moved, it comes back as it was', () => {
  const secret = fc.oneof(fc.string(), fc.integer(), fc.array(fc.string()), fc.constant(null))
  const peers = fc.uniqueArray(
    fc.record({ name: fc.stringMatching(/^[a-z]{1,6}$/), psk: secret }, { noNullPrototype: true }),
    { selector: ({ name }) => name, minLength: 1, maxLength: 6 },
  )
  fc.assert(
    fc.property(peers, (entries) => {
      const source = `peers: ${JSON.stringify(entries)}\n`
      const moved = parse(redact(source)).peers.toReversed()
      const back = parse(restoreSecrets(JSON.stringify({ peers: moved }), source))
      assert.deepEqual(back.peers, entries.toReversed())
    }),
  )
})

test('a text that is long, or deep, takes no longer for each of its entries', () => {
  const entries = (count: number) => Array.from({ length: count }, (_, index) => `x${index}`)
  const took = (count: number, deep: number): number => {
    const list = '['.repeat(deep) + entries(count).join(',') + ']'.repeat(deep)
    const beganMs = performance.now()
    restoreSecrets(`wifi: { password: <hidden> }\nlist: ${list}\n`, text)
    return performance.now() - beganMs
  }
  took(2_000, 1)
  const short = took(2_000, 1)
  // Sixteen times as much; squared it would be 256, and 4,800.
  for (const deep of [1, 300]) {
    const long = took(32_000, deep)
    assert.ok(
      long < 100 * Math.max(short, 5),
      `${deep} deep: ${long} ms, a sixteenth took ${short} ms`,
    )
  }
})

test('another revision is all that changes in a text', () => {
  assert.equal(withRevision(text, 43), text.replace('revision: 7', 'revision: 43'))
  assert.equal(withRevision('{"site":"a","revision":7}', 8), '{"site":"a","revision":8}')
  for (const without of ['site: a\n', '[', 'revision: [1]\n', ''])
    assert.equal(withRevision(without, 8), without)
})
