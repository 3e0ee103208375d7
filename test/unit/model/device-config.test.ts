/**
 * What a device configuration may say: every rule has a document that breaks it alone, and is told by its own
 * code at the right place. Nothing that anybody can write makes the parser throw.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { maxConfigBytes, parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import { isDeviceConfig } from '../../../firmware/model/device-config-check.ts'
import { type ErrorCode, errorTable } from '../../../firmware/model/errors.ts'
import { sampleConfig, sampleWireKey } from './sample-config.ts'

// biome-ignore lint/suspicious/noExplicitAny: a document under test has no type yet
type Document = any
type Break = (config: Document) => void

const found = (config: Document): [ErrorCode, string | undefined][] =>
  parseDeviceConfig(JSON.stringify(config), { ownWireKey: sampleWireKey(9) }).errors.map(
    ({ code, path }) => [code, path],
  )

test('the sample with every word of this release is sound, as YAML too', () => {
  assert.deepEqual(found(sampleConfig()), [])
  assert.deepEqual(parseDeviceConfig(stringify(sampleConfig())).config, sampleConfig())
})

const rules: readonly [ErrorCode, string, Break][] = [
  ['CONFIG_VERSION', '/version', (c) => (c.version = 2)],
  ['CONFIG_MISSING_FIELD', '/revision', (c) => delete c.revision],
  ['CONFIG_MISSING_FIELD', '/uplinks/0/nic', (c) => delete c.uplinks[0].nic],
  ['CONFIG_UNKNOWN_FIELD', '/lans/0/colour', (c) => (c.lans[0].colour = 'red')],
  ['CONFIG_UNKNOWN_FIELD', '/a~1b~0c', (c) => (c['a/b~c'] = 1)],
  ['CONFIG_UNSUPPORTED', '/acl', (c) => (c.acl = [])],
  ['CONFIG_UNSUPPORTED', '/uplinks/0/address', (c) => (c.uplinks[0].address = 'dhcp')],
  ['CONFIG_UNSUPPORTED', '/uplinks/1/metered', (c) => (c.uplinks[1].metered = true)],
  ['CONFIG_UNSUPPORTED', '/uplinks/1/backup', (c) => (c.uplinks[1].backup = true)],
  ['CONFIG_UNSUPPORTED', '/lans/1/vlan', (c) => (c.lans[1].vlan = 20)],
  ['CONFIG_UNSUPPORTED', '/lans/0/dhcp', (c) => (c.lans[0].dhcp = {})],
  ['CONFIG_UNSUPPORTED', '/lans/0/address/1', (c) => c.lans[0].address.push('fd00:1::1/64')],
  ['CONFIG_UNSUPPORTED', '/peers/1/endpoints/0', (c) => (c.peers[1].endpoints = ['[::1]:5'])],
  ['CONFIG_INVALID', '/overlay/port', (c) => (c.overlay.port = '51820')],
  ['CONFIG_INVALID', '/overlay/rekeySeconds', (c) => (c.overlay.rekeySeconds = 1)],
  ['CONFIG_INVALID', '/tenant', (c) => (c.tenant = 'x')],
  ['CONFIG_INVALID', '/uplinks/0/up', (c) => (c.uplinks[0].up = '40 M')],
  ['CONFIG_INVALID', '/uplinks/0/name', (c) => (c.uplinks[0].name = 'sixteen-byte-nam')],
  ['CONFIG_INVALID', '/uplinks', (c) => (c.uplinks = [])],
  ['CONFIG_NAME_RESERVED', '/lans/0/name', (c) => (c.lans[0].name = 'all')],
  ['CONFIG_NAME_DUPLICATE', '/lans/0/name', (c) => (c.lans[0].name = 'wan0')],
  ['CONFIG_NAME_DUPLICATE', '/peers/1/name', (c) => (c.peers[1].name = 'hub-1')],
  ['CONFIG_TWIN_COLLISION', '/lans/0/name', (c) => (c.lans[0].name = 'enp1s0')],
  ['CONFIG_TWIN_COLLISION', '/uplinks/1/name', (c) => (c.uplinks[1].name = 'seg-office')],
  ['CONFIG_NIC_DUPLICATE', '/lans/1/nic', (c) => (c.lans[1].nic = 'netdev:enp1s0')],
  ['CONFIG_VNI_DUPLICATE', '/segments/1/vni', (c) => (c.segments[1].vni = 100)],
  ['CONFIG_SEGMENT_UNKNOWN', '/lans/0/segment', (c) => (c.lans[0].segment = 'ofice')],
  ['CONFIG_SEGMENT_UNKNOWN', '/peers/1/segments/guests', (c) => (c.peers[1].segments.guests = [])],
  ['CONFIG_ADDRESS_INVALID', '/lans/0/address/0', (c) => (c.lans[0].address = ['10.1.0.1'])],
  ['CONFIG_ADDRESS_INVALID', '/lans/0/address/0', (c) => (c.lans[0].address = ['010.1.0.1/24'])],
  ['CONFIG_ADDRESS_UNUSABLE', '/lans/0/address/0', (c) => (c.lans[0].address = ['10.1.0.0/24'])],
  ['CONFIG_ADDRESS_UNUSABLE', '/lans/0/address/0', (c) => (c.lans[0].address = ['127.0.0.1/8'])],
  ['CONFIG_ADDRESS_DUPLICATE', '/lans/1/address/0', (c) => (c.lans[1].address = ['10.1.0.1/16'])],
  ['CONFIG_GATEWAY_INVALID', '/uplinks/0/gateway', (c) => (c.uplinks[0].gateway = 'gw')],
  ['CONFIG_GATEWAY_UNREACHABLE', '/uplinks/0/gateway', (c) => (c.uplinks[0].gateway = '8.8.8.8')],
  ['CONFIG_GATEWAY_UNREACHABLE', '/uplinks/0/gateway', (c) => (c.uplinks[0].gateway = '192.0.2.2')],
  [
    'CONFIG_PREFIX_INVALID',
    '/peers/1/segments/office/0',
    (c) => (c.peers[1].segments.office = ['10.7.0.0']),
  ],
  [
    'CONFIG_PREFIX_HOST_BITS',
    '/peers/1/segments/office/0',
    (c) => (c.peers[1].segments.office = ['10.7.0.1/24']),
  ],
  [
    'CONFIG_PREFIX_DUPLICATE',
    '/peers/1/segments/office/0',
    (c) => (c.peers[1].segments.office = ['10.0.0.0/16']),
  ],
  [
    'CONFIG_PREFIX_OVERLAP',
    '/lans/0/address/0',
    (c) => (c.peers[1].segments.office = ['10.1.0.0/22']),
  ],
  [
    'CONFIG_PREFIX_OVERLAP',
    '/peers/1/segments/cameras/0',
    (c) => (c.peers[1].segments = { cameras: ['10.0.8.0/24'] }),
  ],
  ['CONFIG_PREFIX_OVERLAP', '/lans/1/address/0', (c) => (c.lans[1].address = ['192.0.2.9/25'])],
  ['CONFIG_WIRE_KEY_INVALID', '/peers/0/wireKey', (c) => (c.peers[0].wireKey = 'AAAA')],
  ['CONFIG_WIRE_KEY_INVALID', '/peers/0/wireKey', (c) => (c.peers[0].wireKey = sampleWireKey(0))],
  ['CONFIG_WIRE_KEY_DUPLICATE', '/peers/1/wireKey', (c) => (c.peers[1].wireKey = sampleWireKey(1))],
  ['CONFIG_WIRE_KEY_OWN', '/peers/1/wireKey', (c) => (c.peers[1].wireKey = sampleWireKey(9))],
  [
    'CONFIG_ENDPOINT_INVALID',
    '/peers/0/endpoints/0',
    (c) => (c.peers[0].endpoints = ['hub:51820']),
  ],
  [
    'CONFIG_ENDPOINT_INVALID',
    '/peers/0/endpoints/0',
    (c) => (c.peers[0].endpoints = ['198.51.100.7:65536']),
  ],
  [
    'CONFIG_ENDPOINT_DUPLICATE',
    '/peers/1/endpoints/0',
    (c) => (c.peers[1].endpoints = ['198.51.100.7:51820']),
  ],
  [
    'CONFIG_ENDPOINT_INSIDE',
    '/peers/0/endpoints/0',
    (c) => (c.peers[0].endpoints = ['10.0.7.9:51820']),
  ],
  [
    'CONFIG_ENDPOINT_INSIDE',
    '/peers/0/endpoints/0',
    (c) => (c.peers[0].endpoints = ['192.0.2.2:51820']),
  ],
  [
    'CONFIG_MTU_TOO_SMALL',
    '/lans/0/mtu',
    (c) => {
      c.lans[0].mtu = 9000
      c.uplinks[1].mtu = 1400
    },
  ],
]

for (const [code, path, change] of rules) {
  test(`${code} at ${path}: ${change.toString().replace(/\s+/g, ' ').slice(7, 80)}`, () => {
    const config = sampleConfig()
    change(config)
    assert.deepEqual(found(config), [[code, path]])
  })
}

test('every CONFIG_ code of the table that a document can earn is in the rules above', () => {
  const elsewhere = new Set(['CONFIG_SYNTAX', 'CONFIG_TOO_LARGE', 'CONFIG_UNREADABLE'])
  const covered = new Set<string>(rules.map(([code]) => code))
  const missing = Object.keys(errorTable).filter(
    (code) => code.startsWith('CONFIG_') && !covered.has(code) && !elsewhere.has(code),
  )
  assert.deepEqual(missing, [])
})

test('one slip hides no other: all errors of a document are told, with their lines', () => {
  const text = stringify({ ...sampleConfig(), colour: 'red' })
    .replace('port: 51820', 'port: many')
    .replace('segment: office', 'segment: ofice')
    .replace('10.9.0.0/16', '10.9.0.1/16')
  const { errors } = parseDeviceConfig(text)
  const lineOf = (word: string): string =>
    `line ${text.slice(0, text.indexOf(word)).split('\n').length}`
  assert.deepEqual(
    errors.map(({ code, detail }) => [code, detail]),
    [
      ['CONFIG_UNKNOWN_FIELD', lineOf('colour')],
      ['CONFIG_INVALID', lineOf('port: many')],
      ['CONFIG_SEGMENT_UNKNOWN', lineOf('segment: ofice')],
      ['CONFIG_PREFIX_HOST_BITS', lineOf('10.9.0.1/16')],
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
  config.peers = Array.from({ length: 1024 }, (_, peer) => ({
    name: `p${peer}`,
    wireKey: Buffer.alloc(32, 1)
      .fill(peer & 255, 0, 1)
      .fill(peer >> 8, 1, 2)
      .toString('base64'),
    endpoints: Array.from({ length: 8 }, (_, at) => `100.64.${peer >> 3}.${(peer & 7) * 8 + at}:5`),
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
  const anywhere = fc.constantFrom(...pathsOf(sampleConfig()))
  const damaged = fc.tuple(anywhere, fc.jsonValue()).map(([path, value]) => {
    const config = sampleConfig()
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
