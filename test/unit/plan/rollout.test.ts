/** What rollouts count by: hours of the day, the rate of what can wait, and what a firmware file says of itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { bulkRateBps } from '../../../firmware/plan/bulk-rate.ts'
import { hoursText, msUntilHours, parseHours } from '../../../firmware/plan/hours.ts'
import { manifestOf, messageBytes } from '../../../firmware/wire/firmware-file.ts'
import { firmwareFile } from '../controller/firmware-sample.ts'

const at = (time: string): number => Date.parse(`2026-03-01T${time}:00Z`)
const minuteMs = 60_000

test('hours are of the day in UTC, and may go over midnight', () => {
  const night = parseHours('02:00-04:00')!
  assert.equal(msUntilHours(night, at('02:00')), 0)
  assert.equal(msUntilHours(night, at('03:59')), 0)
  assert.equal(msUntilHours(night, at('04:00')), 22 * 60 * minuteMs)
  assert.equal(msUntilHours(night, at('01:30')), 30 * minuteMs)
  const late = parseHours('23:30-01:00')!
  assert.equal(msUntilHours(late, at('23:45')), 0)
  assert.equal(msUntilHours(late, at('00:59')), 0)
  assert.equal(msUntilHours(late, at('23:00')), 30 * minuteMs)
  assert.equal(msUntilHours(null, at('12:00')), 0)
  assert.equal(hoursText(late), '23:30-01:00')
  // A whole day.
  assert.equal(msUntilHours(parseHours('05:00-05:00'), at('04:59')), 0)
  for (const text of ['2:00-4:00', '24:00-01:00', '02:00', '02:60-03:00', '']) {
    assert.equal(parseHours(text), null, text)
  }
})

test('a download takes a quarter of the slowest uplink that is known, and a little where none is', () => {
  const of = (...downs: (string | undefined)[]) =>
    bulkRateBps({
      uplinks: downs.map((down) => (down === undefined ? {} : { down })),
    } as unknown as DeviceConfig)
  assert.equal(of('100M', '8M', undefined), 2_000_000)
  assert.equal(of('500k'), 256_000)
  assert.equal(of(undefined), 4_000_000)
  assert.equal(bulkRateBps(null), 4_000_000)
})

test('a firmware file says its version and its architecture at its end; what is none says nothing', () => {
  const said = (file: Buffer) => {
    const bytes = messageBytes(file.subarray(-8), file.length)
    return bytes === null ? null : manifestOf(file.subarray(-8 - bytes, -8))
  }
  const good = firmwareFile({ version: '0.2.0', architecture: 'arm64' })
  assert.deepEqual(said(good), { version: '0.2.0', architecture: 'arm64' })
  assert.equal(said(good.subarray(0, -1)), null)
  assert.equal(said(Buffer.alloc(8)), null)
  assert.equal(said(Buffer.alloc(0)), null)
  const huge = Buffer.from(good)
  huge.writeBigUInt64BE(2n ** 63n, huge.length - 8)
  assert.equal(said(huge), null)
  assert.equal(said(firmwareFile({ version: '../../etc' })), null)
  assert.equal(said(firmwareFile({ version: '0.2.0', architecture: 'X 86' })), null)
  assert.equal(manifestOf(Buffer.from('[update]\ncompatible=other-x86_64\nversion=1\n')), null)
})
