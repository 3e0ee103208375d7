/** What a NAT does, from what servers saw: a table of behaviours in the words of RFC 4787. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatEndpoint, parseEndpoint } from '../../../firmware/model/address.ts'
import { judgeNat, type StunAnswer } from '../../../firmware/plan/nat.ts'
import { stunServers } from '../../../firmware/plan/stun.ts'
import { sampleConfig } from '../model/sample-config.ts'

const at = (text: string) => parseEndpoint(text)!
const local = at('192.168.1.2:51820')

/** `server → mapped`, mapped being a port of 198.51.100.20, a whole endpoint, `own` or nothing. */
function answersOf(...lines: readonly string[]): StunAnswer[] {
  return lines.map((line) => {
    const [server = '', mapped = ''] = line.split(' → ')
    const whole = mapped === 'own' ? formatEndpoint(local) : mapped
    const told = whole.includes(':') || whole === '' ? whole : `198.51.100.20:${whole}`
    const mappedAt = told === '' ? null : at(told)
    return { server: at(server), mapped: mappedAt, canPort: true, canAddress: true }
  })
}

const a = '203.0.113.1:51820'
const a2 = '203.0.113.1:3478'
const b = '203.0.113.2:51820'
const b2 = '203.0.113.2:3478'

const mappings: readonly (readonly [string, readonly string[], string, string | null, number])[] = [
  ['no NAT', [`${a} → own`, `${b} → own`], 'none', '192.168.1.2:51820', 0],
  [
    'one mapping for all',
    [`${a} → 4001`, `${b} → 4001`, `${a2} → 4001`],
    'endpoint-independent',
    '198.51.100.20:4001',
    0,
  ],
  [
    'one for all ports of the only server',
    [`${a} → 4001`, `${a2} → 4001`],
    'endpoint-independent',
    '198.51.100.20:4001',
    0,
  ],
  [
    'one a host',
    [`${a} → 4001`, `${b} → 4007`, `${a2} → 4001`, `${b2} → 4007`],
    'address-dependent',
    '198.51.100.20:4007',
    6,
  ],
  [
    'one a port, counted up',
    [`${a} → 4001`, `${b} → 4002`, `${a2} → 4003`, `${b2} → 4004`],
    'address-and-port-dependent',
    '198.51.100.20:4004',
    1,
  ],
  [
    'one a port, with others in between',
    [`${a} → 4001`, `${b} → 4003`, `${a2} → 4007`, `${b2} → 4009`],
    'address-and-port-dependent',
    '198.51.100.20:4009',
    2,
  ],
  [
    'one a port, counted down',
    [`${a} → 4009`, `${b} → 4008`, `${a2} → 4007`],
    'address-and-port-dependent',
    '198.51.100.20:4007',
    -1,
  ],
  [
    'one a port, by chance',
    [`${a} → 4001`, `${b} → 60123`, `${a2} → 4007`],
    'address-and-port-dependent',
    '198.51.100.20:4007',
    0,
  ],
  [
    'one a port, up and down',
    [`${a} → 4001`, `${b} → 4003`, `${a2} → 4002`],
    'address-and-port-dependent',
    '198.51.100.20:4002',
    0,
  ],
  [
    'hosts alone, of which nobody knows more',
    [`${a} → 4001`, `${b} → 4002`],
    'address-and-port-dependent',
    '198.51.100.20:4002',
    1,
  ],
  [
    'addresses out of a pool',
    [`${a} → 198.51.100.20:4001`, `${b} → 198.51.100.21:4001`],
    'address-and-port-dependent',
    '198.51.100.21:4001',
    0,
  ],
  ['one answer', [`${a} → 4001`, `${b} → `], 'unknown', '198.51.100.20:4001', 0],
  [
    'a server on this side',
    [`${a} → own`, `${b} → 4001`, `${b2} → 4001`],
    'endpoint-independent',
    '198.51.100.20:4001',
    0,
  ],
  [
    'a server inside the network of the carrier',
    [`${a} → 100.64.3.4:4001`, `${b} → 4007`, `${b2} → 4007`],
    'endpoint-independent',
    '198.51.100.20:4007',
    0,
  ],
  [
    "a company's server last",
    [`${a} → 4007`, `${b} → 4007`, `${b2} → 10.9.8.7:4001`],
    'endpoint-independent',
    '198.51.100.20:4007',
    0,
  ],
  [
    'a NAT in a private network, and nothing beyond it',
    [`${a} → 10.9.8.7:4001`, `${b} → 10.9.8.7:4001`],
    'endpoint-independent',
    '10.9.8.7:4001',
    0,
  ],
  ['silence', [`${a} → `, `${b} → `], 'unknown', null, 0],
  ['no servers', [], 'unknown', null, 0],
]

for (const [what, lines, mapping, mapped, portStep] of mappings) {
  test(`mapping: ${what}`, () => {
    const answers = answersOf(...lines)
    const verdict = judgeNat(local, answers, [])
    assert.equal(verdict.mapping, mapping)
    assert.equal(verdict.mapped === null ? null : formatEndpoint(verdict.mapped), mapped)
    assert.equal(verdict.portStep, portStep)
    assert.equal(verdict.isBlocked, what === 'silence')
    assert.deepEqual(
      verdict.answered,
      answers.filter((one) => one.mapped !== null).map(({ server }) => server),
    )
  })
}

test('filtering: what is heard from elsewhere, and silence only where somebody would have spoken', () => {
  const answers = answersOf(`${a} → 4001`, `${b} → 4001`)
  const filtering = (isAddressHeard: boolean, isPortHeard: boolean, list = answers): string =>
    judgeNat(local, list, [
      { server: at(a), isAddressHeard: false, isPortHeard: false },
      { server: at(b), isAddressHeard, isPortHeard },
    ]).filtering
  assert.equal(filtering(true, true), 'endpoint-independent')
  assert.equal(filtering(true, false), 'endpoint-independent')
  assert.equal(filtering(false, true), 'address-dependent')
  assert.equal(filtering(false, false), 'address-and-port-dependent')
  const simple = answers.map((one) => ({ ...one, canPort: false, canAddress: false }))
  assert.equal(filtering(false, false, simple), 'unknown')
  assert.equal(filtering(false, false, answersOf(`${a} → `, `${b} → `)), 'unknown')
  assert.equal(judgeNat(local, answers, []).filtering, 'unknown')
  // Who is on this side of the filter is no witness.
  const near = answersOf(`${a} → 4001`, `${b} → 100.64.3.4:4001`)
  assert.equal(filtering(true, true, near), 'address-and-port-dependent')
})

test('a NAT of one mapping is never taken for another, whoever answers', () => {
  const server = fc.tuple(fc.nat(3), fc.constantFrom(51_820, 443, 3478))
  fc.assert(
    fc.property(fc.array(fc.tuple(server, fc.boolean()), { maxLength: 16 }), (list) => {
      const answers = list.map(
        ([[host, port], isAnswered]): StunAnswer => ({
          server: at(`203.0.113.${host + 1}:${port}`),
          mapped: isAnswered ? at('198.51.100.20:4001') : null,
          canPort: true,
          canAddress: false,
        }),
      )
      const { mapping, portStep } = judgeNat(local, answers, [])
      assert.ok(['unknown', 'endpoint-independent'].includes(mapping))
      assert.equal(portStep, 0)
    }),
  )
})

test('asked are endpoints of hubs, what is configured, and other ports of hubs; each once, so many at most', () => {
  const config = sampleConfig()
  config.overlay.stun = ['203.0.113.5:3478', '198.51.100.7:3478', '[2001:db8::5]:3478']
  config.peers[0].endpoints = ['198.51.100.7:51820', '198.51.100.7:443', '[2001:db8::7]:51820']
  config.peers[1].endpoints = ['198.51.100.99:51820']
  assert.deepEqual(stunServers(config).map(formatEndpoint), [
    '198.51.100.7:51820',
    '198.51.100.7:443',
    '[2001:db8::7]:51820',
    '203.0.113.5:3478',
    '198.51.100.7:3478',
    '[2001:db8::5]:3478',
    '[2001:db8::7]:3478',
  ])
  config.peers[0].endpoints = Array.from({ length: 8 }, (_, one) => `198.51.100.${one + 1}:51820`)
  config.peers[1] = { ...config.peers[1], role: 'hub', endpoints: ['198.51.100.9:51820'] }
  const servers = stunServers(config).map(formatEndpoint)
  assert.equal(servers.filter((text) => text.endsWith(':51820')).length, 8)
  assert.equal(servers.filter((text) => /^198.*:3478$/.test(text)).length, 5)
})
