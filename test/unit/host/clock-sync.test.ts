/** Whose word on the clock counts, and what chrony and the kernel say, in their own print. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  readAdjtimex,
  readClockSync,
  readTracking,
} from '../../../firmware/host/system/clock-sync.ts'

const tracking =
  'C0000203,192.0.2.3,3,1780000000.123456789,0.000012345,-0.000004567,0.000021,-12.3,0.001,0.02,0.018,0.0012,64.9,Normal\n'
const lost = '7F7F0101,,0,0.000000000,0.000000000,0,0,0,0,0,1,1,0,Not synchronised\n'
const synced = `    mode:         0
-o  offset:       -12 us
    maxerror:     250000
    esterror:     120
    status:       8193 (PLL | NANO)
    return value: 0 (clock synchronized)
`
const unsynced = synced.replace('8193 (PLL | NANO)', '64 (UNSYNC)')

test('chrony is asked first; a clock that is to be sped up is behind', async () => {
  const asked: string[] = []
  const sync = await readClockSync(async ([program]) => {
    asked.push(program!)
    return tracking
  })
  assert.deepEqual(asked, ['chronyc'])
  assert.ok(Math.abs(sync.errorSeconds! - 0.0102) < 1e-9)
  assert.deepEqual(
    { ...sync, errorSeconds: 0 },
    {
      ...{ isSynchronised: true, by: 'chrony', server: '192.0.2.3', stratum: 3 },
      ...{ offsetSeconds: -0.000012345, errorSeconds: 0 },
    },
  )
})

test('chrony without a server says so', () => {
  const { isSynchronised, server, stratum, errorSeconds } = readTracking(lost)!
  assert.deepEqual([isSynchronised, server, stratum, errorSeconds], [false, null, null, null])
  for (const text of ['', 'Usage:', ',,,', '506 Cannot talk to daemon\n']) {
    assert.equal(readTracking(text), null, text)
  }
})

test('without chrony the kernel knows whether somebody keeps its clock', async () => {
  const kernel = (text: string) =>
    readClockSync(async ([program]) => {
      if (program === 'busybox') return text
      throw new Error('ENOENT')
    })
  const { isSynchronised, by, errorSeconds } = await kernel(synced)
  assert.deepEqual([isSynchronised, by, errorSeconds], [true, 'kernel', 0.25])
  const bad = await kernel(unsynced)
  assert.deepEqual([bad.isSynchronised, bad.by, bad.errorSeconds], [false, 'nobody', null])
  assert.equal(readAdjtimex('adjtimex: applet not found'), null)
  assert.equal((await kernel('')).isSynchronised, null)
})
