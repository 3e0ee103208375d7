/** Numbers and names as people read them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ago,
  bytes,
  delay,
  duration,
  list,
  moment,
  plural,
  rate,
  ratio,
  sentence,
} from '../../../webui/text/format.ts'

test('rates and sizes have three figures and the unit that fits', () => {
  assert.deepEqual([0, 999, 1000, 9_995, 12_345, 999_499, 999_500, 84_300_000, 2.5e9].map(rate), [
    ...[
      '0\u00a0bit/s',
      '999\u00a0bit/s',
      '1.00\u00a0kbit/s',
      '10.0\u00a0kbit/s',
      '12.3\u00a0kbit/s',
      '999\u00a0kbit/s',
    ],
    ...['1.00\u00a0Mbit/s', '84.3\u00a0Mbit/s', '2.50\u00a0Gbit/s'],
  ])
  assert.equal(bytes(17_400), '17.4\u00a0kB')
  assert.equal(rate(null), '–')
})

test('delays are told in microseconds, milliseconds or seconds', () => {
  assert.deepEqual([0, 0.00034, 0.0009996, 0.0234, 0.2, 0.9996, 1.2, undefined].map(delay), [
    '0 µs',
    '340 µs',
    '1.00 ms',
    '23.4 ms',
    '200 ms',
    '1.00 s',
    '1.20 s',
    '–',
  ])
})

test('long times are told by their two largest units', () => {
  assert.deepEqual([0.4, 59, 60, 3_599, 3_600, 5_340, 86_400, 100_000].map(duration), [
    '0 s',
    '59 s',
    '1 min',
    '59 min',
    '1 h',
    '1 h 29 min',
    '1 d',
    '1 d 3 h',
  ])
  assert.deepEqual([1, 300, null].map(ago), ['just now', '5 min ago', '–'])
})

test('a ratio that is not nothing never looks like it', () => {
  assert.deepEqual([0, 0.00001, 0.0042, 0.05, 0.5, 1].map(ratio), [
    '0 %',
    '< 0.01 %',
    '0.42 %',
    '5.0 %',
    '50 %',
    '100 %',
  ])
})

test('words', () => {
  assert.deepEqual([plural(1, 'peer'), plural(3, 'peer')], ['1 peer', '3 peers'])
  assert.deepEqual(
    [list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])],
    ['', 'a', 'a and b', 'a, b and c'],
  )
  assert.equal(sentence('uplink wan0 is down'), 'Uplink wan0 is down.')
  assert.equal(sentence('wan0 is down', ['wan0']), 'wan0 is down.')
  assert.equal(sentence('Is it?'), 'Is it?')
  assert.equal(sentence(' '), '')
})

test('a moment of another day has the day', () => {
  const now = new Date(2026, 10, 27, 12)
  assert.equal(moment(new Date(2026, 10, 27, 9, 5, 7), now), '09:05:07')
  assert.equal(moment(new Date(2026, 10, 26, 9, 5, 7), now), '26 Nov, 09:05')
})
