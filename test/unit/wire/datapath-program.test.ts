/** A program's bytes are those that C writes for the same (native/fuzz/seeds_border.c), and what cannot be said is refused. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { MatchProgram, PolicyProgram } from '../../../firmware/model/policy-program.ts'
import type { PortProgram } from '../../../firmware/model/port-program.ts'
import type { Program } from '../../../firmware/model/program.ts'
import { defaultPolicy } from '../../../firmware/plan/policy.ts'
import { noUplink } from '../../../firmware/plan/uplink.ts'
import { encodeProgram } from '../../../firmware/wire/datapath-program.ts'

const corpus = join(import.meta.dirname, '../../../native/fuzz/corpus/program_check')

const lan: PortProgram = {
  ...noUplink,
  twin: 'lan0',
  kind: 'netdev',
  nic: 'eth0',
  nicNetns: '',
  role: 'lan',
  uplink: 0,
  segment: 'office',
  vlan: 0,
  queues: 0,
  mtu: 0,
  table: 0,
}
const uplink: PortProgram = {
  ...lan,
  twin: 'wan0',
  nic: 'eth1',
  role: 'uplink',
  segment: '',
  overlayPort: 9,
  overlayPorts: [443, 4500],
  sprayPort: 49_152,
  network: 'private',
  upBps: 40_000_000,
  downBps: 250_000_000,
  isMetered: true,
  risk: 3,
  classes: [
    { weight: 60, capPercent: 30 },
    { weight: 50, capPercent: 0 },
    { weight: 39, capPercent: 0 },
    { weight: 1, capPercent: 0 },
  ],
  marks: 'copy',
  internetPercent: 80,
}
const calls: PolicyProgram = {
  name: 'calls',
  lossPpm: 10_000,
  latencyUs: 150_000,
  jitterUs: 30_000,
  metered: 'never',
  kinds: ['internet'],
  isStrict: true,
  isSpread: false,
  class: 0,
  isBreakoutDenied: true,
  prefer: [2, 0],
}
const teams: MatchProgram = {
  application: 'teams',
  server: '*.teams.example',
  source: '',
  destination: '10.2.0.0/16',
  policy: 'calls',
  segment: '',
  sourcePorts: [0, 65_535],
  destinationPorts: [443, 444],
  protocol: 6,
  dscp: null,
}
/** Of no tenant; the key begins so, which no other peer's may. */
const identityOf = (...key: number[]): Uint8Array =>
  Uint8Array.of(...new Uint8Array(16), ...key, ...new Uint8Array(32 - key.length))
const program: Program = {
  generation: 7,
  mac1Keys: [Uint8Array.of(1, ...new Uint8Array(31))],
  isTransit: true,
  ports: [uplink, lan],
  segments: [{ name: 'office', twin: 'office', vni: 100, upBps: 5_000_000, downBps: 20_000_000 }],
  peers: [
    { name: 'lisbon', identity: identityOf(1, 0, 0, 0), isHub: false, limitBps: 0 },
    { name: 'oslo', identity: identityOf(1, 0, 0, 1), isHub: true, limitBps: 1_000_000 },
  ],
  routes: [{ segment: 'office', prefix: '10.2.0.0/16', peer: 'lisbon', rank: 2 }],
  acl: [
    {
      name: 'print',
      action: 'allow',
      fromSegment: 'office',
      toSegment: 'office',
      source: '',
      destination: '',
      protocol: 0,
      sourcePorts: [0, 0],
      destinationPorts: [0, 0],
    },
  ],
  policies: [defaultPolicy, calls],
  matches: [teams],
  paths: [{ peer: 'lisbon', uplink: 0, remoteAddress: '203.0.113.7', remotePort: 51_820 }],
}
const empty: Program = {
  generation: 7,
  mac1Keys: [],
  isTransit: false,
  ports: [],
  segments: [],
  peers: [],
  routes: [],
  acl: [],
  policies: [defaultPolicy],
  matches: [],
  paths: [],
}

test('bytes are those that C writes', () => {
  assert.deepEqual(encodeProgram(empty), readFileSync(join(corpus, 'empty')))
  assert.deepEqual(encodeProgram(program), readFileSync(join(corpus, 'whole')))
})

test('what cannot be said is refused, with its place', () => {
  const refuses = (changed: Partial<Program>, path: string): void =>
    assert.throws(() => encodeProgram({ ...program, ...changed }), { code: 'WIRE_INVALID', path })
  refuses({ matches: [{ ...teams, policy: 'none' }] }, '/matches/0/policy')
  refuses({ matches: [{ ...teams, segment: 'none' }] }, '/matches/0/segment')
  refuses({ matches: [{ ...teams, destination: '10.2.0.0' }] }, '/matches/0/destination')
  refuses(
    { policies: [defaultPolicy, { ...calls, prefer: [0, 1, 2, 3, 4, 5, 6, 7, 8] }] },
    '/policies/1/prefer',
  )
  refuses({ paths: [{ ...program.paths[0]!, peer: 'none' }] }, '/paths/0/peer')
  refuses(
    { ports: [{ ...uplink, overlayPorts: [443, 4500, 500, 53, 123] }, lan] },
    '/ports/0/overlayPorts',
  )
  const tooLong = { ...teams, server: 'a'.repeat(64) }
  assert.throws(() => encodeProgram({ ...program, matches: [tooLong] }), { code: 'WIRE_INVALID' })
})
