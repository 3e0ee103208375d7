/** What is said of a flow, from records written down by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountsOf, type PaceRecord, parseRecords } from './gaps.ts'

const ms = 1e6

/** Sent at 1,000 a second from 0 on, each on its way for 20 ms, but for what `late` says. */
function arrivals(numbers: readonly number[], late: Record<number, number> = {}): PaceRecord[] {
  const records = numbers.map((number) => ({
    flow: 0,
    number,
    sentNs: number * ms,
    arrivedNs: (number + 20 + (late[number] ?? 0)) * ms,
  }))
  return records.sort((a, b) => a.arrivedNs - b.arrivedNs)
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number)
}

function account(records: readonly PaceRecord[], sent: number) {
  const whole = { sent: [sent], refused: 0, beganNs: 0, endedNs: (sent - 1) * ms }
  return accountsOf(records, whole, 1000)[0]!
}

test('a flow that arrives whole has gaps of its pace, and no losses', () => {
  const all = account(arrivals(upTo(100)), 100)
  assert.deepEqual(
    [all.sent, all.received, all.lost, all.doubled, all.reordered],
    [100, 100, 0, 0, 0],
  )
  assert.deepEqual(all.gaps[0], {
    beganNs: 20 * ms,
    endedNs: 21 * ms,
    ms: 1,
    lost: 0,
    sentMs: 1,
  })
  assert.deepEqual(all.lossRuns, [])
  assert.deepEqual(all.delayMs, { least: 20, median: 20, p95: 20, p99: 20, most: 20, jitter: 0 })
})

test('an outage is a gap between the arrivals around it, and a run of losses', () => {
  const numbers = upTo(100).filter((number) => number < 30 || number >= 80)
  const { gaps, lossRuns, lost } = account(arrivals(numbers), 100)
  assert.equal(lost, 50)
  assert.deepEqual(gaps[0], {
    beganNs: 49 * ms,
    endedNs: 100 * ms,
    ms: 51,
    lost: 50,
    sentMs: 51,
  })
  assert.equal(gaps[1]!.ms, 1)
  assert.deepEqual(lossRuns, [{ first: 30, count: 50, sentNs: 30 * ms, ms: 50 }])
})

test('an outage at the beginning or the end is one as well', () => {
  const first = account(arrivals(upTo(100).slice(40)), 100)
  assert.deepEqual([first.gaps[0]!.beganNs, first.gaps[0]!.lost], [0, 40])
  const last = account(arrivals(upTo(40)), 100)
  assert.deepEqual([last.gaps[0]!.ms, last.gaps[0]!.lost], [99 - 59, 60])
  const none = account([], 100)
  assert.deepEqual([none.gaps.length, none.gaps[0]!.ms, none.gaps[0]!.lost], [1, 99, 100])
  assert.equal(none.delayMs, null)
})

test('what comes late is reordered once, what comes twice is doubled', () => {
  const records = arrivals(upTo(100), { 50: 5.5 })
  const again = { ...records[10]!, arrivedNs: 90 * ms }
  const all = account([...records, again], 100)
  assert.deepEqual([all.reordered, all.doubled, all.received, all.lost], [1, 1, 100, 0])
  assert.equal(all.gaps[0]!.lost, 0)
})

test('flows are told apart', () => {
  const records = arrivals(upTo(10))
  const other = arrivals(upTo(4)).map((record) => ({ ...record, flow: 1 }))
  const sent = { sent: [10, 10], refused: 0, beganNs: 0, endedNs: 9 * ms }
  const both = accountsOf([...records, ...other], sent, 1000)
  assert.deepEqual(
    both.map(({ lost }) => lost),
    [0, 6],
  )
})

test('records are read as the machine wrote them', () => {
  const bytes = Buffer.alloc(64)
  ;[3, 7, 1_000, 2_000].forEach(
    (value, at) => void bytes.writeBigUInt64LE(BigInt(value), 32 + at * 8),
  )
  assert.deepEqual(parseRecords(bytes)[1], { flow: 3, number: 7, sentNs: 1_000, arrivedNs: 2_000 })
})
