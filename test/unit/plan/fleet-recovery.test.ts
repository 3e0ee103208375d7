/** The recovery port of a site's box, as its document says it: told to that box alone, and refused where something else has its NIC. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planFleet } from '../../../firmware/plan/fleet.ts'
import { boxOf, main, network, office, siteOf } from './fleet-sample.ts'

function plan(nic: string) {
  const sites = [siteOf('a', { recovery: { nic } }), siteOf('b')]
  const boxes = sites.map(({ name }) => boxOf(name))
  return planFleet([network, main, office, ...sites], boxes, new Map())
}

test('a box has the recovery port of its site, and the others have their own', () => {
  const { problems, sites } = plan('netdev:eth7')
  assert.deepEqual(problems, [])
  const ports = sites.map(({ config }) => config?.recovery)
  assert.deepEqual(ports, [{ nic: 'netdev:eth7' }, undefined])
})

test('an uplink’s NIC is no recovery port: told of the site’s own document', () => {
  const { problems, sites } = plan('netdev:eth0')
  assert.deepEqual(
    problems.map(({ code, document, path }) => [code, document, path]),
    [['CONFIG_RECOVERY_INVALID', 'site/a', '/recovery/nic']],
  )
  assert.deepEqual(
    sites.map(({ config }) => config === null),
    [true, false],
  )
})
