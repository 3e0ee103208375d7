/** When sessions rekey, and who goes first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  callOrder,
  onCrossing,
  quietLeftMs,
  rekeyDelayMs,
  wireTiming,
} from '../../../firmware/plan/session.ts'

const fresh = { role: 'initiator', ageMs: 0, sinceChangeMs: 0, isFirst: false } as const

test('the initiator rekeys at a random age in its range, the other end later', () => {
  assert.equal(rekeyDelayMs(fresh, wireTiming, 0), 110_000)
  assert.equal(rekeyDelayMs({ ...fresh, ageMs: 15_000 }, wireTiming, 0.5), 100_000)
  const other = { ...fresh, role: 'responder' } as const
  assert.equal(rekeyDelayMs(other, wireTiming, 0.9), 135_000)
})

test('a rekey that is overdue waits for the quiet after the last change, a first one does not', () => {
  const adopted = { ...fresh, ageMs: 170_000, sinceChangeMs: 1_000 }
  assert.equal(rekeyDelayMs(adopted, wireTiming, 0), 4_000)
  assert.equal(quietLeftMs({ ...adopted, sinceChangeMs: 6_000 }, wireTiming), 0)
  assert.equal(quietLeftMs({ ...adopted, isFirst: true }, wireTiming), 0)
})

test('of two initiations that cross one lives, whichever end looks', () => {
  const rows = [
    { own: null, isSmaller: true, verdict: 'answer' },
    { own: null, isSmaller: false, verdict: 'answer' },
    { own: 999, isSmaller: true, verdict: 'ignore' },
    { own: 1_000, isSmaller: true, verdict: 'answer' },
    { own: 999, isSmaller: false, verdict: 'yield' },
    { own: 9_000, isSmaller: false, verdict: 'yield' },
  ] as const
  for (const { own, isSmaller, verdict } of rows) {
    assert.equal(onCrossing(own, wireTiming.ownRawMs, isSmaller), verdict)
  }
})

test('each port is called once before any is called at another host', () => {
  const order = (...ports: number[]): string => {
    const endpoints = ports.map((port, at) => ({ address: `198.51.100.${at + 1}`, port }))
    return callOrder(endpoints)
      .map(({ address }) => address.slice(-1))
      .join('')
  }
  assert.equal(order(51_820, 51_820, 443, 443), '1324')
  assert.equal(order(51_820, 51_820, 51_820), '123')
  assert.equal(order(1, 2, 3, 2, 1), '12345')
  assert.equal(order(), '')
})
