/** Which port is the recovery port, and whom its DHCP serves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { recoveryDnsmasq, recoveryPortOf } from '../../../firmware/plan/prepare-recovery.ts'
import { sampleConfig } from '../model/sample-config.ts'

const config = sampleConfig() as unknown as DeviceConfig
const factory: DeviceConfig = { ...config, recovery: { nic: 'netdev:enp4s0' } }

test('what the configuration says holds, else what the box made of its NICs', () => {
  const port = { nic: 'enp4s0', address: '192.168.127.1/24' }
  assert.deepEqual(recoveryPortOf(config, factory), port)
  assert.deepEqual(recoveryPortOf(null, factory), port)
  const own: DeviceConfig = {
    ...config,
    recovery: { nic: 'netdev:enp9s0', address: '10.99.0.1/30' },
  }
  assert.deepEqual(recoveryPortOf(own, factory), { nic: 'enp9s0', address: '10.99.0.1/30' })
  assert.equal(recoveryPortOf({ ...config, recovery: { nic: 'none' } }, factory), null)
  assert.equal(recoveryPortOf(config, null), null)
})

test('a NIC that an uplink or a LAN has is not the recovery port', () => {
  assert.equal(recoveryPortOf(config, { ...config, recovery: { nic: 'netdev:enp2s0' } }), null)
})

test('it lends sixteen addresses at most, never its own', () => {
  const range = (address: string): string | undefined =>
    /^dhcp-range=(.*)$/m.exec(recoveryDnsmasq({ nic: 'enp4s0', address }))?.[1]
  assert.equal(range('192.168.127.1/24'), '192.168.127.2,192.168.127.17,120')
  assert.equal(range('10.99.0.1/30'), '10.99.0.2,10.99.0.2,120')
  assert.equal(range('10.99.0.2/30'), '10.99.0.1,10.99.0.1,120')
  assert.equal(range('192.168.127.254/24'), '192.168.127.1,192.168.127.16,120')
})
