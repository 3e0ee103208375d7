/** The support bundle: secrets that are planted everywhere are nowhere in it, and what it should have is there, whole. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { Bundles } from '../../../../firmware/gateway/diagnose/bundle.ts'
import { scrub, spellings } from '../../../../firmware/gateway/diagnose/scrub.ts'
import { CausewayError } from '../../../../firmware/model/errors.ts'
import { sampleConfig } from '../../model/sample-config.ts'
import { openBox, until } from '../box.ts'
import { requestBytes } from '../request-bytes.ts'

const canary = (name: string): string => `canary-${name}-8f3c1e`
/** The box's own wire key in openBox(). */
const wireKey = new Uint8Array(32).fill(7)
const pem = `-----BEGIN PRIVATE KEY-----\n${canary('pem')}\n-----END PRIVATE KEY-----`

test('no form in which a secret could be written passes', () => {
  for (const text of [
    `psk: ${canary('a')}`,
    `  password: "${canary('a')}"`,
    `- privateKey: '${canary('a')}' # why`,
    `# password: ${canary('a')} of the modem`,
    `"token":"${canary('a')}","x":1`,
    `"apiToken": "${canary('a')}"`,
    `"text":"site: berlin\\npsk: ${canary('a')}\\n"`,
    `{"detail":"{\\"password\\":\\"${canary('a')}\\"}"}`,
    `password=${canary('a')}&x=1`,
    `Cookie: causeway=${canary('a')}; other=${canary('a')}`,
    `set-cookie: causeway=${canary('a')}; Secure`,
    `Authorization: Bearer ${canary('a')}`,
    `asked with Bearer ${canary('a')} twice`,
    `x-causeway-csrf: ${canary('a')}`,
    `http://anna:${canary('a')}@proxy.example:3128/`,
    `password: |\n  ${canary('a')}\n  ${canary('a')}\nsite: berlin`,
    pem,
    `-----BEGIN EC PRIVATE KEY-----\n${canary('pem')}`,
    `key ${Buffer.from(wireKey).toString('base64')}`,
    `key ${Buffer.from(wireKey).toString('hex')}`,
  ]) {
    const scrubbed = scrub(text, spellings(wireKey))
    assert.doesNotMatch(scrubbed, /canary|BwcHBw|0707070707/, text)
    assert.match(scrubbed, /<hidden>/)
  }
})

test('what is no secret stays as it is', () => {
  for (const text of [
    '{"wireKey":"hQ9bXn0y7m0cFq1vY5H8b3uPz4kQ2rT6sW9xA1cD3E4=","peer":"hub-1"}',
    'causeway_drops_total{reason="cookie_rate"} 5\n',
    'default via 192.0.2.1 dev wan0 proto static metric 100\n',
    'site: berlin\nsegments:\n  - { name: office, vni: 100 }\n',
  ])
    assert.equal(scrub(text, spellings(wireKey)), text)
})

test('a real box with secrets planted everywhere: none is in its bundle, all else is', async (t) => {
  const box = await openBox(t)
  const { uplinks } = sampleConfig() as { uplinks: object[] }
  await box.write({ ...sampleConfig(), uplinks })
  // Beside what the form knows: a comment, and fields that it refuses, in a file that is not taken.
  const text = `${readFileSync(box.places.config, 'utf8')}\n# password: ${canary('comment')}\n`
  writeFileSync(box.places.config, text)
  box.machine.logRing.write(
    JSON.stringify({
      level: 'info',
      msg: 'x',
      password: canary('log'),
      detail: `Bearer ${canary('bearer')}`,
    }),
  )
  box.machine.logRing.write(`not JSON, token=${canary('raw')}`)
  box.machine.said = [
    { name: 'firewall.txt', text: `table inet causeway { } # psk: ${canary('kernel')}` },
    { name: 'odd.txt', text: `${pem}\n${Buffer.from(wireKey).toString('base64')}` },
    { name: 'huge.txt', text: `${'x'.repeat(3_000_000)}the end` },
  ]
  await box.start()
  await box.line('gateway ready')
  await until(async () =>
    (await requestBytes(box.places.apiSocket, '/api/v1/drops')).status === 200 ? true : null,
  )
  const answer = await requestBytes(box.places.apiSocket, '/api/v1/bundle')
  assert.deepEqual([answer.status, answer.type], [200, 'application/gzip'])
  const plain = gunzipSync(answer.bytes).toString('latin1')
  assert.doesNotMatch(plain, /canary/)
  assert.ok(!plain.includes(Buffer.from(wireKey).toString('base64')))
  assert.ok(plain.length < 2_500_000, String(plain.length))
  const folder = mkdtempSync(join(tmpdir(), 'cwbundle-'))
  t.after(() => rmSync(folder, { recursive: true }))
  // As whoever gets it does.
  execFileSync('tar', ['xzf', '-', '-C', folder], { input: answer.bytes })
  const [top] = readdirSync(folder)
  assert.match(top!, /^causeway-test-\d{8}T\d{6}Z$/)
  const part = (name: string): string => readFileSync(join(folder, top!, name), 'utf8')
  assert.match(part('status.json'), /"instance": "test"/)
  assert.match(part('config.yaml'), /# password: <hidden>/)
  assert.match(part('config.yaml'), /site: berlin|"site"/)
  assert.match(part('metrics.txt'), /^causeway_/m)
  assert.match(part('kernel/huge.txt'), /^\[the first \d+ characters are left out\][\s\S]*the end$/)
  for (const name of ['about', 'paths', 'sessions', 'drops', 'denials', 'config', 'config-history'])
    assert.ok(JSON.parse(part(`${name}.json`)), name)
  assert.ok(part('log.ndjson').length > 10)
})

test('one is made at a time, and a part that cannot be had is told in its place', async () => {
  const gate = Promise.withResolvers<void>()
  const bundles = new Bundles({
    ...{ instance: 'test', wallMs: () => Date.UTC(2026, 0, 2), secrets: () => [] },
    answers: { 'paths.json': () => notReady() },
    facts: async () => {
      await gate.promise
      return []
    },
  })
  const first = bundles.make()
  await assert.rejects(bundles.make(), { code: 'API_BUSY' })
  gate.resolve()
  const { name, bytes } = await first
  assert.equal(name, 'causeway-test-20260102T000000Z.tar.gz')
  assert.match(
    gunzipSync(bytes).toString(),
    /not to be had: API_NOT_READY the datapath does not answer/,
  )
})

function notReady(): never {
  throw new CausewayError('API_NOT_READY', 'the datapath does not answer')
}
