/** What is kept from the uplinks for a time, and which leases may be used meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Withholding } from '../../../firmware/gateway/withholding.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { withholdMs } from '../../../firmware/plan/withheld.ts'
import { sampleConfig } from '../model/sample-config.ts'

const lease = (address: string) => ({
  ...{
    device: 'wan0',
    address,
    gateway: null,
    dnsServers: [],
    controllers: [],
    expiresInMs: 60_000,
  },
})

test('a lease that was refused and is not any more is outside at once', async () => {
  const file = { read: async () => '', write: async () => {} }
  const withholding = new Withholding(virtualClock(), file, { warn: () => {} })
  const config = sampleConfig()
  const leases = [lease('10.0.3.77/24')]
  assert.deepEqual(await withholding.next(config, leases, false), [])
  config.peers[0].segments = { cameras: ['10.9.0.0/16'] }
  config.peers[1].segments = {}
  assert.deepEqual(await withholding.next(config, leases, false), ['10.0.7.0/24'])
})

test('a lease that is refused makes nothing outside', async () => {
  const file = { read: async () => '', write: async () => {} }
  const withholding = new Withholding(virtualClock(), file, { warn: () => {} })
  const config = sampleConfig()
  await withholding.next(config, [], false)
  config.peers[0].segments = { cameras: ['10.9.0.0/16'] }
  // 10.0.7.0/24 is still inside, and so the lease is of no use.
  assert.deepEqual(await withholding.next(config, [lease('10.0.7.77/16')], false), ['10.0.0.0/16'])
})

test('what only a change brought that was taken back is outside again at once; the rest is as it was', async () => {
  let record = ''
  const file = {
    read: async () => record,
    write: async (text: string) => {
      record = text
    },
  }
  const clock = virtualClock()
  const withholding = new Withholding(clock, file, { warn: () => {} })
  const withPrefixes = (...prefixes: string[]): ReturnType<typeof sampleConfig> => {
    const config = sampleConfig()
    config.peers[0].segments = { office: prefixes }
    config.peers[1].segments = {}
    return config
  }
  const next = (prefixes: string[], isTried: boolean): Promise<string[]> =>
    withholding.next(withPrefixes(...prefixes), [], isTried)
  await next(['10.8.0.0/16', '10.9.0.0/16'], false)
  assert.deepEqual(await next(['10.9.0.0/16'], false), ['10.8.0.0/16'])
  await clock.advance(withholdMs / 2)
  // Tried: it brings one, takes one away, and has one inside again that was withheld.
  assert.deepEqual(await next(['10.8.0.0/16', '8.8.8.0/24'], true), ['10.9.0.0/16'])
  assert.doesNotMatch(record, /8\.8\.8/, 'nor does a gateway that is started again know of it')
  await clock.advance(60_000)
  assert.deepEqual(await next(['10.9.0.0/16'], false), ['10.8.0.0/16'])
  await clock.advance(withholdMs / 2)
  assert.deepEqual(await next(['10.9.0.0/16'], false), [])
  // Confirmed, and withdrawn later: withheld like any other.
  await next(['10.9.0.0/16', '8.8.8.0/24'], true)
  await next(['10.9.0.0/16', '8.8.8.0/24'], false)
  assert.deepEqual(await next(['10.9.0.0/16'], false), ['8.8.8.0/24'])
})
