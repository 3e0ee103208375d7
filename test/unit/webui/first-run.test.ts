/** The first run: its steps, which passwords will do, and how an uplink is written into a configuration. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameLetters } from '../../../firmware/model/device-config-fields.ts'
import type { NicAnswer } from '../../../firmware/model/local-api-lan.ts'
import { problemsOf } from '../../../webui/config/problems.ts'
import { isName } from '../../../webui/config/rule.ts'
import { passwordFault } from '../../../webui/page/first-run/password-rule.ts'
import { after, stepOf } from '../../../webui/page/first-run/steps.ts'
import {
  connectionOf,
  freeNics,
  freeUplinkName,
  withUplink,
} from '../../../webui/page/first-run/uplink-edit.ts'

test('whoever has no password begins there, whoever has one is past it', () => {
  assert.equal(stepOf(false, 'done'), 'password')
  assert.equal(stepOf(true, 'password'), 'owner')
  assert.equal(stepOf(true, undefined), 'owner')
  assert.equal(stepOf(true, 'internet'), 'internet')
  assert.deepEqual((['password', 'owner', 'internet', 'done'] as const).map(after), [
    ...['owner', 'internet', 'done', 'done'],
  ])
})

test('passwords that are short or easy are told so', () => {
  assert.equal(passwordFault('elevenchars', 'anna'), '1 more character')
  assert.equal(passwordFault('', 'anna'), '12 more characters')
  for (const easy of ['aaaaaaaaaaaa', '123456789012', 'passwordpassword1', 'annaannaanna']) {
    assert.match(passwordFault(easy, 'anna')!, /easy/, easy)
  }
  assert.match(passwordFault('x'.repeat(100) + 'yzuvw'.repeat(40), 'anna')!, /256/)
  assert.equal(passwordFault('correct horse battery', 'anna'), null)
})

test('names are those that the box takes', () => {
  for (const name of ['anna', '1a', 'on-call', 'a'.repeat(nameLetters)]) assert.ok(isName(name))
  for (const name of ['', 'Anna', '-a', 'a b', 'a'.repeat(nameLetters + 1)]) {
    assert.ok(!isName(name), name)
  }
})

const text = `version: 1
revision: 7 # by hand
site: blank
tenant: 00000000-0000-4000-8000-000000000000
uplinks:
  # the fibre
  - { name: wan0, nic: "netdev:enp1s0", address: dhcp, up: 40M }
  - name: lte0
    nic: netdev:wwan0
    address: [192.0.2.9/24]
    gateway: 192.0.2.1
    vlan: 7
`

test('how an uplink is connected is read', () => {
  assert.deepEqual(connectionOf(text, 'wan0'), {
    ...{ address: 'dhcp', gateway: '', vlan: null, up: '40M', down: '', site: 'blank' },
  })
  assert.deepEqual(connectionOf(text, 'lte0'), {
    ...{
      address: ['192.0.2.9/24'],
      gateway: '192.0.2.1',
      vlan: 7,
      up: '',
      down: '',
      site: 'blank',
    },
  })
  assert.equal(connectionOf(text, 'wan9'), null)
})

test('a change keeps comments, has the next revision and takes out what is not said', () => {
  const running = { text, nextRevision: 12 }
  const rest = { vlan: null, up: '', down: '250M' }
  const fixed = withUplink(running, {
    nic: null,
    ...{ name: 'wan0', address: ['198.51.100.2/30'], gateway: '198.51.100.1', ...rest, site: null },
  })!
  assert.match(fixed, /revision: 12 # by hand/)
  assert.match(fixed, /# the fibre/)
  assert.deepEqual(connectionOf(fixed, 'wan0'), {
    ...{ address: ['198.51.100.2/30'], gateway: '198.51.100.1', vlan: null },
    ...{ up: '', down: '250M', site: 'blank' },
  })
  const site = { name: 'berlin', tenant: '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11' }
  const lent = withUplink(running, {
    nic: null,
    ...{ name: 'lte0', address: 'dhcp', gateway: '192.0.2.1', ...rest, site },
  })!
  const { gateway, address, vlan } = connectionOf(lent, 'lte0')!
  assert.deepEqual([gateway, address, vlan], ['', 'dhcp', null])
  assert.match(lent, /site: berlin\ntenant: 8c1f0e6a/)
  assert.equal(
    withUplink(running, { nic: null, name: 'x', address: 'dhcp', gateway: '', ...rest, site }),
    null,
  )
})

test('a box that runs nothing gets a whole configuration around its first uplink', () => {
  const choice = {
    ...{ name: freeUplinkName(''), nic: 'netdev:enp3s0', address: 'dhcp' as const },
    ...{ gateway: '', vlan: null, up: '40M', down: '' },
    site: { name: 'berlin', tenant: '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11' },
  } as const
  const made = withUplink({ text: '', nextRevision: 1 }, choice)!
  assert.deepEqual(problemsOf(made), [])
  assert.equal(connectionOf(made, 'wan0')?.up, '40M')
  assert.equal(withUplink({ text: '', nextRevision: 1 }, { ...choice, nic: null }), null)
})

test('a new uplink is beside those that are there, by a NIC that is free', () => {
  assert.equal(freeUplinkName(text), 'wan1')
  const nic = (name: string, more: Partial<NicAnswer>): NicAnswer => ({
    ...{ nic: name, isPresent: true, mac: null, mtuBytes: null, hasCarrier: false },
    ...{ speedBitsPerSecond: null, place: null, ports: [], ...more },
  })
  const used = { ports: [{ kind: 'lan', name: 'lan0', vlan: null }] } as const
  const all = [
    nic('a', { ...used, ports: [...used.ports] }),
    nic('b', {}),
    nic('c', { isPresent: false }),
  ]
  const found = freeNics([...all, nic('d', { hasCarrier: true })])
  assert.deepEqual(
    found.map((one) => one.nic),
    ['d', 'b'],
  )
})
