/**
 * The slips that people make in device.yaml: each earns one error, at the line and column where it is, whose message names
 * the mend.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import { checkForm, maxConfigErrors } from '../../../firmware/model/device-config-check.ts'
import { nearestOf } from '../../../firmware/model/nearest.ts'
import { changed } from './broken-config.ts'
import { sampleConfig } from './sample-config.ts'

const sound = `version: 1
revision: 1
site: berlin
tenant: 8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11
overlay: { port: 51820 }
uplinks:
  - name: wan0
    nic: netdev:enp1s0
    address: [198.51.100.2/30]
    gateway: 198.51.100.1
segments:
  - { name: office, vni: 100 }
lans:
  - name: lan0
    nic: netdev:enp2s0
    segment: office
    address: [10.1.0.1/24]
peers: []
`

/** What is said, as `LINE:COLUMN MESSAGE`. */
function told(from: string | RegExp, to: string): string[] {
  const text = sound.replace(from, to)
  assert.notEqual(text, sound)
  return parseDeviceConfig(text).errors.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  )
}

const unfit = (column: number): string =>
  `indentation: what belongs together begins in one column, and nothing above that this can belong to begins in column ${column}`

test('the text without slips is sound', () => {
  assert.deepEqual(parseDeviceConfig(sound).errors, [])
})

for (const [slip, from, to, message] of [
  [
    'a tab',
    '    nic: netdev:enp1s0',
    '\tnic: netdev:enp1s0',
    '8:1 a tab in the indentation: use spaces',
  ],
  [
    'a tab after spaces',
    '    nic: netdev:enp1s0',
    '  \tnic: netdev:enp1s0',
    '8:3 a tab in the indentation: use spaces',
  ],
  [
    'a tab before a dash',
    '  - name: wan0',
    '\t- name: wan0',
    '7:1 a tab in the indentation: use spaces',
  ],
  ['no space after a colon', 'site: berlin', 'site:berlin', "3:6 a space is missing after 'site:'"],
  [
    'the same in the first line',
    'version: 1',
    'version:1',
    "1:9 a space is missing after 'version:'",
  ],
  ['the same in a list', 'name: wan0', 'name:wan0', "7:10 a space is missing after 'name:'"],
  [
    'the same at the end of a set',
    'gateway: 1',
    'gateway:1',
    "10:13 a space is missing after 'gateway:'",
  ],
  ['the same in braces', 'port: 51820', 'port:51820', "5:12 a space is missing after 'port:'"],
  ['the same before braces', 'overlay: {', 'overlay:{', "5:1 a space is missing after 'overlay:'"],
  ['no space after a dash', '- name: wan0', '-name: wan0', "7:4 a space is missing after '-'"],
  [
    'no colon',
    'site: berlin',
    'site berlin',
    '3:1 a colon is missing: a field is written `name: value`',
  ],
  ['a column too few', '    address: [198', '   address: [198', `9:4 ${unfit(4)}`],
  ['a column too many', '    address: [198', '     address: [198', `9:6 ${unfit(6)}`],
  ['two columns too few', '    gateway', '  gateway', `10:3 ${unfit(3)}`],
  ['a list too far in', '  - name: wan0', '    - name: wan0', `8:5 ${unfit(5)}`],
  ['a field of the document too far in', 'site: berlin', ' site: berlin', `3:2 ${unfit(2)}`],
  [
    'a field twice',
    'site: berlin',
    'site: berlin\nsite: b2',
    "4:1 'site' stands twice in one set of fields: keep one",
  ],
  [
    'a field twice in braces',
    '{ name: office',
    '{ vni: 7, name: office',
    "12:29 'vni' stands twice in one set of fields: keep one",
  ],
  [
    'a field twice in quotes',
    'site: berlin',
    '"the site": 1\n\'the site\': 2',
    "4:1 'the site' stands twice in one set of fields: keep one",
  ],
  ['an open quote', 'site: berlin', 'site: "x', '3:7 the closing quote is missing'],
  ['an open single quote', 'site: berlin', "site: 'it''s", '3:7 the closing quote is missing'],
  [
    'an open quote before a quoted value',
    /site: berlin\n(.*)8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11/,
    'site: "x\n$1"y"',
    '3:7 the closing quote is missing',
  ],
  ['an open list', '/30]', '/30', "10:5 a ']' is missing before this"],
  [
    'a colon in a value',
    'site: berlin',
    'site: ber: lin',
    "3:7 a value with ': ' in it must be quoted",
  ],
  [
    'a second document',
    'peers: []',
    'peers: []\n---\na: 1',
    '19:1 a second document begins here: a file has one',
  ],
  [
    'an alias',
    'site: berlin',
    'site: &x berlin\ncopy: *x',
    '4:7 aliases are not taken: write it out',
  ],
  [
    'a star in a name',
    'peers: []',
    'peers: []\napplications: [{ name: crm, names: [*.crm.example] }]',
    "19:37 must be quoted: '*.crm.example'",
  ],
  [
    'a field that is spelt wrongly',
    'address: [198',
    'adress: [198',
    "9:5 is not known here; did you mean 'address'?",
  ],
  ['two letters swapped', 'vni:', 'vin:', "12:21 is not known here; did you mean 'vni'?"],
  [
    'a set of fields that is spelt wrongly',
    'uplinks:',
    'uplink:',
    "6:1 is not known here; did you mean 'uplinks'?",
  ],
] as const) {
  test(`${slip} is told once`, () => assert.deepEqual(told(from, to), [message]))
}

for (const [slip, from, to, message] of [
  [
    'yes',
    'vni: 100',
    'vni: 100, breakout: yes',
    '12:41 must be true or false; this is text; write true',
  ],
  [
    'Off',
    'vni: 100',
    'vni: 100, admin: Off',
    '12:38 must be true or false; this is text; write false',
  ],
  [
    'a value for a list of one',
    '[10.1.0.1/24]',
    '10.1.0.1/24',
    '17:14 must be a list of 1 to 8 entries; this is text; write [10.1.0.1/24]',
  ],
] as const) {
  test(`${slip} is told what to write`, () => assert.deepEqual(told(from, to), [message]))
}

test('a bare address for a prefix, a name for an endpoint, a bare port: the mend is said', () => {
  const messageAt = (pointer: string, value: unknown): string | undefined =>
    parseDeviceConfig(JSON.stringify(changed({ [pointer]: value }))).errors[0]?.message
  const prefix = 'must be a prefix, like 10.2.0.0/16 or fd00:2::/48; did you mean'
  assert.equal(messageAt('/peers/1/segments/office/0', '10.7.0.9'), `${prefix} 10.7.0.9/32?`)
  assert.equal(messageAt('/acl/0/from/prefix', 'fd07::9'), `${prefix} fd07::9/128?`)
  const host = 'must be the address and port of a host, like 198.51.100.7:51820 or'
  const endpoint = `${host} [2001:db8::7]:51820`
  assert.equal(
    messageAt('/peers/0/endpoints/0', 'a.example:5'),
    `${endpoint}; names are not resolved`,
  )
  assert.equal(messageAt('/peers/0/endpoints/0', '198.51.100.7'), endpoint)
  const ports = 'must be a list of 1 to 64 entries; this is a number; write [443]'
  assert.equal(messageAt('/acl/0/ports', 443), ports)
})

test('a NIC without its kind, a prefix with a host in it: what was meant is said', () => {
  const messageAt = (pointer: string, value: string): string | undefined =>
    parseDeviceConfig(JSON.stringify(changed({ [pointer]: value }))).errors[0]?.message
  const nic = 'must be a NIC, like netdev:enp1s0 or pmd:0000:01:00.0'
  assert.equal(messageAt('/lans/0/nic', 'eth0'), `${nic}; did you mean netdev:eth0?`)
  assert.equal(messageAt('/lans/0/nic', '0000:02:00.0'), `${nic}; did you mean pmd:0000:02:00.0?`)
  assert.equal(messageAt('/lans/0/nic', 'the left one'), nic)
  const bits = 'has bits set below its length; its network is'
  assert.equal(messageAt('/peers/1/segments/office/0', '10.7.0.9/22'), `${bits} 10.7.0.0/22`)
  assert.equal(messageAt('/peers/1/segments/office/0', 'fd07:0::9/64'), `${bits} fd07::/64`)
})

test('what other vendors call it, no for never: what was meant is said; marks are read in either case', () => {
  const messageAt = (pointer: string, value: unknown): string | undefined =>
    parseDeviceConfig(JSON.stringify(changed({ [pointer]: value }))).errors[0]?.message
  const voice = "there is no application 'voip'; did you mean 'voice'?"
  assert.equal(messageAt('/policies/0/for/applications/0', 'voip'), voice)
  const metered = 'must be never, last or ok; did you mean'
  assert.equal(messageAt('/policies/2/metered', 'no'), `${metered} never?`)
  assert.equal(messageAt('/policies/2/metered', true), `${metered} ok?`)
  assert.equal(messageAt('/policies/2/metered', 'seldom'), 'must be never, last or ok')
  assert.equal(messageAt('/policies/0/for/dscp', ['EF', 'Cs1', 'AF41', 'BE']), undefined)
  assert.equal(messageAt('/uplinks/0/up', '0.5M'), undefined)
  const rate = 'must be a rate above 0, like 40M or 1.5G'
  assert.equal(messageAt('/uplinks/0/up', '0M'), rate)
  assert.equal(messageAt('/uplinks/0/up', '0.000G'), rate)
})

test('a policy is not judged by an application that is wrong itself', () => {
  const wrong = changed({ '/applications/0/ports': ['9000-8443'] })
  const { errors } = parseDeviceConfig(JSON.stringify(wrong))
  assert.deepEqual(
    errors.map(({ path }) => path),
    ['/applications/0/ports/0'],
  )
})

test('backups may be preferred among each other, behind those that they stand by for', () => {
  const prefer = ['wan0', 'wan2', 'lte0']
  const change = { '/policies/2/prefer': prefer, '/uplinks/2/backup': true }
  assert.deepEqual(parseDeviceConfig(JSON.stringify(changed(change))).errors, [])
})

test('an uplink without gateway is sound where an endpoint is on its network, or none is of its family', () => {
  const errorsOf = (address: string): readonly unknown[] => {
    const change = { '/uplinks/1/address': [address], '/uplinks/1/gateway': undefined }
    const v4 = { '/peers/0/endpoints': ['198.51.100.7:51820'] }
    return parseDeviceConfig(JSON.stringify(changed({ ...change, ...v4 }))).errors
  }
  assert.deepEqual(errorsOf('198.51.100.9/28'), [])
  assert.deepEqual(errorsOf('2001:db8:9::2/64'), [])
  assert.equal(errorsOf('203.0.113.9/30').length, 1)
})

test('fields with names of what every object has are fields like any other', () => {
  const found = parseDeviceConfig(JSON.stringify(changed({ '/lans/0/nic': { toString: 'x' } })))
  assert.equal(
    found.errors[0]?.message,
    'must be a NIC, like netdev:enp1s0 or pmd:0000:01:00.0; this is a set of fields',
  )
})

test('no more unknown names than can be told are compared with those that are known', () => {
  const names = Array.from({ length: maxConfigErrors }, (_, index) => [`unknown${index}`, 1])
  const many = Object.fromEntries(names)
  const { site, ...rest } = sampleConfig()
  const isTold = (value: unknown): boolean =>
    checkForm(value).some(({ message }) => message === "'site' is missing")
  assert.deepEqual(
    [
      { ...rest, sitee: site, ...many },
      { ...rest, ...many, sitee: site },
    ].map(isTold),
    [false, true],
  )
})

test('a name is near where it differs in case, hyphens, two letters or its end', () => {
  const known = ['address', 'endpoints', 'wireKey', 'vni', 'up', 'mtu']
  for (const [name, nearest] of [
    ['wire_key', 'wireKey'],
    ['WIREKEY', 'wireKey'],
    ['endpoint', 'endpoints'],
    ['adres', 'address'],
    ['addr', 'address'],
    ['mut', 'mtu'],
    ['ip', null],
    ['colour', null],
    ['', null],
    ['x'.repeat(100_000), null],
  ] as const) {
    assert.equal(nearestOf(name, known), nearest, name.slice(0, 20))
  }
})
