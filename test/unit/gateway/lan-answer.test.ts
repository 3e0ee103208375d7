/** Tools are run once for many who ask at a time, and what failed is asked for again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Core } from '../../../firmware/gateway/core.ts'
import { lanAnswers } from '../../../firmware/gateway/lan-answer.ts'

const core = {
  reconciler: { outcome: { running: { config: null }, leases: [] } },
  telemetry: { reading: { counters: null, rates: { ports: new Map() } } },
  appliance: { recovery: { nic: 'enp4s0', address: '192.168.127.1/24' } },
} as unknown as Pick<Core, 'reconciler' | 'telemetry' | 'appliance'>

test('fifty pages that ask for NICs run one tool; a while later it is run again', async () => {
  let nowMs = 0
  let runs = 0
  const { nics } = lanAnswers(
    {
      clock: { nowMs: () => nowMs },
      net: {
        nicLinks: async () => {
          runs++
          if (runs === 2) throw new Error('no tool')
          return []
        },
      },
      nicNetns: 'nics',
      hostLeases: async () => [],
    },
    core,
  )
  const [told] = await Promise.all(Array.from({ length: 50 }, () => nics()))
  assert.equal(told?.recovery?.nic, 'enp4s0')
  nowMs = 4_999
  await nics()
  assert.equal(runs, 1)
  nowMs = 5_000
  await assert.rejects(nics(), /no tool/)
  await nics()
  assert.equal(runs, 3)
})

test('leases that cannot be read are a coded error', async () => {
  const { lans } = lanAnswers(
    {
      clock: { nowMs: () => 0 },
      net: { nicLinks: async () => [] },
      nicNetns: 'nics',
      hostLeases: () => Promise.reject(new Error('EIO')),
    },
    core,
  )
  await assert.rejects(lans(), { code: 'HOST_SYSTEM' })
})
