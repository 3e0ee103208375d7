/** Every way a change of configuration can go, as tables and as sequences at random against what must never happen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  beginChange,
  type Change,
  type ChangeEvent,
  type Proposal,
  remainingSeconds,
  stepChange,
} from '../../../firmware/plan/config-change.ts'

const proposal: Proposal = {
  revision: 43,
  confirmSeconds: 30,
  highestRevision: 42,
  hasFallback: true,
}
const begun = beginChange(null, proposal, 1_000)
const waiting: Change = { ...begun, phase: 'waiting' }
const writing: Change = { ...begun, phase: 'writing' }

test('one change at a time, of a revision that is new, with something to return to', () => {
  assert.deepEqual(begun, {
    revision: 43,
    confirmSeconds: 30,
    deadlineMs: 31_000,
    phase: 'applying',
  })
  assert.throws(() => beginChange(begun, proposal, 0), { code: 'CONFIG_PENDING' })
  for (const revision of [42, 41]) {
    assert.throws(() => beginChange(null, { ...proposal, revision }, 0), {
      code: 'CONFIG_REVISION_OLD',
      path: '/revision',
    })
  }
  const first = { ...proposal, hasFallback: false, highestRevision: null }
  assert.throws(() => beginChange(null, first, 0), { code: 'CONFIG_NO_FALLBACK' })
  assert.equal(beginChange(null, { ...first, confirmSeconds: 0 }, 0).deadlineMs, 20_000)
})

const table: readonly [
  from: Change,
  event: ChangeEvent['kind'],
  nowMs: number,
  to: string | null,
  act: string | null,
][] = [
  [begun, 'applied', 2_000, 'waiting', null],
  [{ ...begun, confirmSeconds: 0 }, 'applied', 2_000, 'writing', 'write'],
  [begun, 'applied', 31_000, null, 'return'],
  [begun, 'failed', 2_000, null, 'return'],
  [begun, 'rollback', 2_000, null, 'return'],
  [begun, 'tick', 30_999, 'applying', null],
  [begun, 'tick', 31_000, null, 'return'],
  [waiting, 'confirm', 30_999, 'writing', 'write'],
  [waiting, 'confirm', 31_000, null, 'return'],
  [waiting, 'failed', 2_000, 'waiting', null],
  [waiting, 'applied', 2_000, 'waiting', null],
  [waiting, 'rollback', 2_000, null, 'return'],
  [waiting, 'tick', 31_000, null, 'return'],
  [writing, 'written', 40_000, null, null],
  [writing, 'unwritten', 2_000, 'waiting', null],
  [writing, 'unwritten', 31_000, null, 'return'],
  [{ ...writing, confirmSeconds: 0 }, 'unwritten', 2_000, null, 'return'],
  [writing, 'tick', 40_000, 'writing', null],
]

test('each event leads where it must', () => {
  for (const [from, kind, nowMs, to, act] of table) {
    const step = stepChange(from, { kind }, nowMs)
    assert.deepEqual(
      [step.change?.phase ?? null, step.act],
      [to, act],
      `${from.phase} ${kind} ${nowMs}`,
    )
  }
  assert.throws(() => stepChange(begun, { kind: 'confirm' }, 0), { code: 'CONFIG_PENDING' })
  assert.throws(() => stepChange(writing, { kind: 'confirm' }, 0), { code: 'CONFIG_PENDING' })
  assert.throws(() => stepChange(writing, { kind: 'rollback' }, 0), { code: 'CONFIG_PENDING' })
  for (const kind of ['confirm', 'rollback'] as const) {
    assert.throws(() => stepChange(null, { kind }, 0), { code: 'CONFIG_NOT_PENDING' })
  }
  assert.deepEqual(stepChange(null, { kind: 'applied' }, 0), { change: null, act: null })
})

test('seconds that remain are whole and never negative', () => {
  assert.deepEqual(
    [1_000, 1_001, 30_999, 31_000, 99_000].map((nowMs) => remainingSeconds(begun, nowMs)),
    [30, 30, 1, 0, 0],
  )
})

const kinds = ['applied', 'failed', 'confirm', 'written', 'unwritten', 'rollback', 'tick'] as const

test('whatever comes in whatever order: nothing is kept unasked, late, or after it was given up', () => {
  const events = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(20_000)), { maxLength: 30 })
  fc.assert(
    fc.property(events, fc.constantFrom(0, 5, 30), (sequence, confirmSeconds) => {
      let nowMs = 0
      let isConfirmed = confirmSeconds === 0
      let change: Change | null = beginChange(null, { ...proposal, confirmSeconds }, nowMs)
      const { deadlineMs } = change
      for (const [kind, laterMs] of sequence) {
        nowMs += laterMs
        try {
          const step = stepChange(change, { kind }, nowMs)
          if (kind === 'confirm') isConfirmed = true
          if (step.act === 'write') assert.ok(isConfirmed && nowMs < deadlineMs && step.change)
          if (step.act === 'return') assert.equal(step.change, null)
          if (change !== null && step.change === null && step.act === null)
            assert.equal(kind, 'written')
          if (change === null) assert.deepEqual(step, { change: null, act: null })
          if (step.change !== null && step.change.phase !== 'writing' && kind === 'tick') {
            assert.ok(nowMs < deadlineMs)
          }
          change = step.change
        } catch (error) {
          assert.match(
            (error as { code?: string }).code ?? String(error),
            /^CONFIG_(NOT_)?PENDING$/,
          )
        }
      }
    }),
  )
})
