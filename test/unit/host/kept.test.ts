/** One answer for many who ask: while it is found out and for a while after, not when it failed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keptFor, keptForGood } from '../../../firmware/host/clock/kept.ts'

test('whoever asks meanwhile, however long that takes, or soon after it began gets the same', async () => {
  let nowMs = 0
  const asked: PromiseWithResolvers<number>[] = []
  const ask = keptFor(
    1_000,
    () => nowMs,
    () => {
      asked.push(Promise.withResolvers())
      return asked.at(-1)!.promise
    },
  )
  const first = ask()
  nowMs = 5_000
  assert.equal(ask(), first)
  asked[0]!.resolve(7)
  assert.equal(await first, 7)
  const second = ask()
  asked[1]!.resolve(8)
  assert.equal(await second, 8)
  nowMs = 5_999
  assert.equal(ask(), second)
  nowMs = 6_000
  assert.notEqual(ask(), second)
  assert.equal(asked.length, 3)
})

test('what failed is asked for again; what is kept for good is not', async () => {
  let asked = 0
  const ask = keptForGood(async () => {
    asked++
    if (asked === 1) throw new Error('EMFILE')
    return asked
  })
  await Promise.all([assert.rejects(ask(), /EMFILE/), assert.rejects(ask(), /EMFILE/)])
  assert.deepEqual([await ask(), await ask(), asked], [2, 2, 2])
})
