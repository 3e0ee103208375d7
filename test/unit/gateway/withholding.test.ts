/** What is kept from the uplinks for a time, and which leases may be used meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Withholding } from '../../../firmware/gateway/withholding.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { sampleConfig } from '../model/sample-config.ts'

const lease = (address: string) => ({
  ...{ device: 'wan0', address, gateway: null, dnsServers: [], expiresInMs: 60_000 },
})

test('a lease that was refused and is not any more is outside at once', async () => {
  const file = { read: async () => '', write: async () => {} }
  const withholding = new Withholding(virtualClock(), file, { warn: () => {} })
  const config = sampleConfig()
  const leases = [lease('10.0.3.77/24')]
  assert.deepEqual(await withholding.next(config, leases), [])
  config.peers[0].segments = { cameras: ['10.9.0.0/16'] }
  config.peers[1].segments = {}
  assert.deepEqual(await withholding.next(config, leases), ['10.0.7.0/24'])
})

test('a lease that is refused makes nothing outside', async () => {
  const file = { read: async () => '', write: async () => {} }
  const withholding = new Withholding(virtualClock(), file, { warn: () => {} })
  const config = sampleConfig()
  await withholding.next(config, [])
  config.peers[0].segments = { cameras: ['10.9.0.0/16'] }
  // 10.0.7.0/24 is still inside, and so the lease is of no use.
  assert.deepEqual(await withholding.next(config, [lease('10.0.7.77/16')]), ['10.0.0.0/16'])
})
