/**
 * What a device configuration may say: every rule has a document that breaks it alone, and is told by its own
 * code at the right place. Nothing that anybody can write makes the parser throw.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { maxConfigBytes, parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import { type ConfigRule, configRules } from '../../../firmware/model/config-rule.ts'
import { isDeviceConfig } from '../../../firmware/model/device-config-check.ts'
import { partsOf } from '../../../firmware/model/device-config-parts.ts'
import { checkRules } from '../../../firmware/model/device-config-rules.ts'
import type { ErrorCode } from '../../../firmware/model/errors.ts'
import { brokenConfigs, changed, ownWireKey } from './broken-config.ts'
import { sampleConfig, wholeConfig } from './sample-config.ts'

// biome-ignore lint/suspicious/noExplicitAny: a document under test has no type yet
type Document = any

const found = (config: Document): [ErrorCode, string | undefined][] =>
  parseDeviceConfig(JSON.stringify(config), { ownWireKey }).errors.map(({ code, path }) => [
    code,
    path,
  ])

test('the samples are sound, as YAML too', () => {
  for (const sample of [sampleConfig(), wholeConfig()]) {
    assert.deepEqual(found(sample), [])
    assert.deepEqual(parseDeviceConfig(stringify(sample)).config, sample)
  }
})

test('two uplinks may have one network, one gateway and one address', () => {
  const config = wholeConfig()
  for (const address of ['192.0.2.2/24', '192.0.2.3/24', '192.0.2.3/20']) {
    config.uplinks[1].address = [address, '2001:db8:0:1::2/64']
    config.uplinks[1].gateway = '192.0.2.1'
    assert.deepEqual(found(config), [])
  }
})

test('addresses come out in canonical text, however they are written', () => {
  const config = wholeConfig()
  config.lans[0].address[1] = 'FD00:0001::0:1/64'
  config.peers[0].endpoints[1] = '[2001:0DB8:7::7]:51820'
  config.acl[2].from.prefix = 'fd00:1:0:0::/64'
  config.overlay.stun[1] = '[2001:db8:5:0::5]:3478'
  config.dns.servers[1] = '2001:db8:0::53'
  assert.deepEqual(parseDeviceConfig(stringify(config)).config, wholeConfig())
})

for (const { rule, at, change } of brokenConfigs) {
  const [code] = configRules[rule]
  test(`${rule}: ${JSON.stringify(change).slice(0, 90)}`, () => {
    const document = changed(change)
    assert.deepEqual(found(document), [[code, at]])
    const told = checkRules(partsOf(document), { ownWireKey }).map((refusal) => refusal.rule)
    assert.deepEqual(told, [rule])
  })
}

test('every rule of the table is broken above', () => {
  const covered = new Set(brokenConfigs.map(({ rule }) => rule))
  const rules = Object.keys(configRules) as ConfigRule[]
  assert.deepEqual(
    rules.filter((rule) => !covered.has(rule)),
    [],
  )
})

test('one slip hides no other: all errors of a document are told, with their places', () => {
  const text = stringify({ ...sampleConfig(), colour: 'red' })
    .replace('port: 51820', 'port: many')
    .replace('segment: office', 'segment: ofice')
    .replace('10.9.0.0/16', '10.9.0.1/16')
  const { errors } = parseDeviceConfig(text)
  const placeOf = (word: string): number[] => {
    const lines = text.slice(0, text.indexOf(word)).split('\n')
    return [lines.length, lines.at(-1)!.length + 1]
  }
  assert.deepEqual(
    errors.map(({ code, line, column }) => [code, line, column]),
    [
      ['CONFIG_UNKNOWN_FIELD', ...placeOf('colour')],
      ['CONFIG_INVALID', ...placeOf('many')],
      ['CONFIG_SEGMENT_UNKNOWN', ...placeOf('ofice')],
      ['CONFIG_PREFIX_HOST_BITS', ...placeOf('10.9.0.1/16')],
    ],
  )
})

test('at most a hundred errors are told', () => {
  const config = { ...sampleConfig(), peers: Array.from({ length: 900 }, () => ({ name: 'x' })) }
  assert.equal(found(config).length, 100)
})

test('YAML that is broken, repeats a key, has aliases, tags or a second document is refused', () => {
  const documents = [
    'a: [',
    'a: 1\na: 2',
    'a: &x 1\nb: *x',
    'a: !own x',
    'a: 1\n---\nb: 1',
    '\t- x',
  ]
  for (const text of [...documents, '['.repeat(100_000)]) {
    assert.equal(parseDeviceConfig(text).errors[0]?.code, 'CONFIG_SYNTAX', text.slice(0, 20))
  }
})

test('a configuration has at most 1 MiB', () => {
  const text = `# ${'x'.repeat(maxConfigBytes)}`
  assert.deepEqual(
    parseDeviceConfig(text).errors.map(({ code }) => code),
    ['CONFIG_TOO_LARGE'],
  )
})

test('forty thousand prefixes and endpoints are judged in a moment', () => {
  const config = sampleConfig()
  config.uplinks.length = 1
  config.peers = Array.from({ length: 1024 }, (_, peer) => ({
    name: `p${peer}`,
    wireKey: Buffer.alloc(32, 1)
      .fill(peer & 255, 0, 1)
      .fill(peer >> 8, 1, 2)
      .toString('base64'),
    endpoints: Array.from({ length: 7 }, (_, at) => `100.64.${peer >> 3}.${(peer & 7) * 8 + at}:5`),
    segments: {
      office: Array.from({ length: 30 }, (_, at) => `${20 + (peer >> 8)}.${peer & 255}.${at}.0/24`),
    },
  }))
  const startedAt = performance.now()
  assert.deepEqual(found(config), [])
  assert.ok(performance.now() - startedAt < 10_000)
})

test('no text and no JSON makes it throw; what it accepts has the form', () => {
  const judge = (text: string): void => {
    const { config, errors } = parseDeviceConfig(text)
    assert.equal(config === null, errors.length > 0)
    assert.ok(errors.length <= 100)
    if (config !== null) assert.ok(isDeviceConfig(config))
  }
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), judge), { numRuns: 200 })
  fc.assert(fc.property(fc.json(), judge), { numRuns: 200 })
  const anywhere = fc.constantFrom(...pathsOf(wholeConfig()))
  const damaged = fc.tuple(anywhere, fc.jsonValue()).map(([path, value]) => {
    const config = wholeConfig()
    let at = config
    for (const key of path.slice(0, -1)) at = at[key]
    at[path.at(-1)!] = value
    return JSON.stringify(config)
  })
  fc.assert(fc.property(damaged, judge), { numRuns: 400 })
})

/** Where everything in a document is, as lists of keys. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  const below = Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))
  return path.length === 0 ? below : [[...path], ...below]
}
