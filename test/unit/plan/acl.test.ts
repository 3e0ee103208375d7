/** Rules of `acl`, spelt out: protocols, families and ranges of ports, in their order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AclRule } from '../../../firmware/model/device-config.ts'
import { compileAcl, spellOut } from '../../../firmware/plan/acl.ts'
import { defaultPolicy } from '../../../firmware/plan/policy.ts'
import { encodeProgram } from '../../../firmware/wire/datapath-program.ts'

const sides = { from: { segment: 'office' }, to: { segment: 'cameras' } } as const
const rule = (more: Partial<AclRule>): AclRule => ({
  name: 'r',
  action: 'allow',
  ...sides,
  ...more,
})
const brief = (acl: readonly AclRule[]): unknown[] =>
  spellOut(acl).map(({ name, family, protocol, ports }) => [name, family, protocol, ...ports])

test('no rules are no terms, and a bare rule is one that fits all', () => {
  assert.deepEqual(spellOut(undefined), [])
  assert.deepEqual(brief([rule({})]), [['r', null, 0, 0, 65_535]])
})

test('ports become ranges, sorted, what touches joined', () => {
  const ports = [8080, '8000-8010', 443, '8005-8020', 8021]
  assert.deepEqual(brief([rule({ protocol: 'tcp', ports })]), [
    ['r', null, 6, 443, 443],
    ['r', null, 6, 8000, 8021],
    ['r', null, 6, 8080, 8080],
  ])
})

test('icmp is that of both families, or of the one of the prefixes', () => {
  const icmp = rule({ protocol: 'icmp' })
  const all = [0, 65_535]
  assert.deepEqual(brief([icmp]), [
    ['r', 4, 1, ...all],
    ['r', 6, 58, ...all],
  ])
  const from = { segment: 'office', prefix: '10.1.0.0/24' }
  const to = { segment: 'cameras', prefix: 'FD00:1::/64' }
  assert.deepEqual(brief([{ ...icmp, from }]), [['r', 4, 1, ...all]])
  assert.deepEqual(brief([{ ...icmp, to }]), [['r', 6, 58, ...all]])
})

test('the datapath gets them in order, canonical, and takes them', () => {
  const first = rule({ name: 'first', action: 'deny', protocol: 47 })
  const to = { segment: 'cameras', prefix: 'FD00:0:0:0::/48' }
  const second = rule({ name: 'second', protocol: 'udp', ports: [53], to })
  const acl = compileAcl([first, second])
  const any = [0, 65_535]
  assert.deepEqual(acl, [
    {
      name: 'first',
      action: 'deny',
      fromSegment: 'office',
      toSegment: 'cameras',
      source: '',
      destination: '',
      protocol: 47,
      sourcePorts: any,
      destinationPorts: any,
    },
    {
      name: 'second',
      action: 'allow',
      fromSegment: 'office',
      toSegment: 'cameras',
      source: '',
      destination: 'fd00::/48',
      protocol: 17,
      sourcePorts: any,
      destinationPorts: [53, 53],
    },
  ])
  const segments = ['office', 'cameras'].map((name, at) => ({
    ...{ name, vni: at + 1, twin: `t${at}` },
    ...{ upBps: 0, downBps: 0 },
  }))
  const nobody = { isTransit: false, peers: [], routes: [] }
  const rest = { generation: 1, mac1Keys: [], ports: [], segments, ...nobody }
  const steering = { policies: [defaultPolicy], matches: [], paths: [] }
  assert.equal(encodeProgram({ ...rest, acl, ...steering }).length, 48 + 2 * 72 + 2 * 80 + 64)
})
