/** When a refused configuration is tried again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configAgainMs } from '../../../firmware/plan/config-again.ts'

test('what may pass is tried again ever more seldom, a cut-off first after ten minutes, what never fits never', () => {
  assert.deepEqual(
    [0, 1, 2, 20, 1e9].map((times) => configAgainMs('CONFIG_PENDING', times)),
    [30_000, 90_000, 270_000, 43_200_000, 43_200_000],
  )
  assert.equal(configAgainMs('CONFIG_UNCONFIRMED', 0), 600_000)
  for (const code of ['CONFIG_UPLINK_UNKNOWN', 'ZTP_CONFIG_OLD', 'toString', '']) {
    assert.equal(configAgainMs(code, 0), null)
  }
})
