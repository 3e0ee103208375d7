/**
 * Documents of older versions are read, by a table made up here: version -1 called NICs `dev` and had a `debug` flag, version 0
 * called segments `networks` and wrote MTUs as text. Errors point into what was written.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import {
  type Change,
  type Migrations,
  migrate,
} from '../../../firmware/model/device-config-migrate.ts'
import { wholeConfig } from './sample-config.ts'

const table: Migrations = new Map<number, readonly Change[]>([
  [
    -1,
    [
      { kind: 'rename', at: '/uplinks/*/dev', to: 'nic' },
      { kind: 'rename', at: '/lans/*/dev', to: 'nic' },
      { kind: 'remove', at: '/debug' },
    ],
  ],
  [
    0,
    [
      { kind: 'rename', at: '/networks', to: 'segments' },
      { kind: 'rename', at: '/peers/*/networks', to: 'segments' },
      { kind: 'rename', at: '/segments/*/number', to: 'vni' },
      { kind: 'convert', at: '/uplinks/*/mtu', with: (mtu) => Number(mtu) || mtu },
      { kind: 'add', at: '/api', value: { lan: 'status' } },
    ],
  ],
])

// biome-ignore lint/suspicious/noExplicitAny: old documents have no type
function old(version: -1 | 0): any {
  const { segments, peers, uplinks, lans, api, ...rest } = wholeConfig()
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const renamed = (list: any[], from: string, to: string): any[] =>
    list.map(({ [from]: value, ...others }) => ({ ...others, [to]: value }))
  const isFirst = version === -1
  uplinks[0].mtu = '1500'
  return {
    ...rest,
    version,
    networks: renamed(segments, 'vni', 'number'),
    peers: renamed(peers, 'segments', 'networks'),
    uplinks: isFirst ? renamed(uplinks, 'nic', 'dev') : uplinks,
    lans: isFirst ? renamed(lans, 'nic', 'dev') : lans,
    ...(isFirst ? { debug: true } : {}),
  }
}

test('documents of any older version come out as those of today, and it is said', () => {
  for (const version of [-1, 0] as const) {
    const written = old(version)
    const parsed = parseDeviceConfig(stringify(written), {}, table)
    assert.deepEqual(parsed, { config: wholeConfig(), errors: [], migratedFrom: version })
    assert.deepEqual(written, old(version))
  }
  const parsed = parseDeviceConfig(stringify(wholeConfig()), {}, table)
  assert.equal(parsed.config === null ? undefined : parsed.migratedFrom, null)
})

test('errors have the pointers and lines of the document as it was written', () => {
  const written = old(-1)
  written.networks[1].number = 0
  written.lans[0].dev = 'enp2s0'
  written.peers[0].networks.cameras = ['10.9.0.1/16']
  written.uplinks[0].mtu = 'large'
  written.colour = 'red'
  const text = stringify(written)
  const lineOf = (word: string): number => text.slice(0, text.indexOf(word)).split('\n').length
  const { errors } = parseDeviceConfig(text, {}, table)
  assert.deepEqual(
    errors.map(({ code, path, line }) => [code, path, line]),
    [
      ['CONFIG_UNKNOWN_FIELD', '/colour', lineOf('colour')],
      ['CONFIG_MTU_INVALID', '/uplinks/0/mtu', lineOf('mtu: large')],
      ['CONFIG_INVALID', '/networks/1/number', lineOf('number: 0')],
      ['CONFIG_INVALID', '/lans/0/dev', lineOf('dev: enp2s0')],
      ['CONFIG_PREFIX_HOST_BITS', '/peers/0/networks/cameras/0', lineOf('10.9.0.1/16')],
    ],
  )
})

test('a version without a way to today is refused, and nothing else is said', () => {
  const told = (version: number, by?: Migrations): unknown[] =>
    parseDeviceConfig(stringify({ ...wholeConfig(), version, colour: 1 }), {}, by).errors.map(
      ({ code, path, message }) => [code, path, message],
    )
  const ours = 'this firmware reads version 1'
  assert.deepEqual(told(2), [['CONFIG_VERSION', '/version', ours]])
  assert.deepEqual(told(0), [['CONFIG_VERSION', '/version', ours]])
  const ages = 'this firmware reads versions -1 to 1'
  for (const version of [2, -2, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]) {
    assert.deepEqual(told(version, table), [['CONFIG_VERSION', '/version', ages]])
  }
})

test('where both names are there, the old one is an unknown field', () => {
  const written = { ...old(0), segments: [] }
  const { errors } = parseDeviceConfig(stringify(written), {}, table)
  assert.ok(
    errors.some(({ code, path }) => code === 'CONFIG_UNKNOWN_FIELD' && path === '/networks'),
  )
})

test('no document of an older version makes it throw, and pointers lead somewhere', () => {
  const value = fc.jsonValue()
  const document = fc.record(
    { networks: value, segments: value, peers: fc.array(value), uplinks: value, lans: value },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(document, fc.constantFrom(-1, 0), (fields, version) => {
      const migrated = migrate({ version, ...fields }, table)
      if (migrated.error !== null) return false
      return migrated.originOf('/peers/0/segments/x') !== '' && migrated.originOf('') === ''
    }),
  )
})
