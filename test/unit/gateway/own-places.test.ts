/** When the NATs are looked at again for searches, and when what is known serves. On a virtual clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwnPlaces } from '../../../firmware/gateway/traversal/own-places.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { sampleNat } from '../plan/sample-place.ts'

/** A look takes a second. */
function placesOf(isTested = true) {
  const clock = virtualClock(100_000)
  let testedAtMs = clock.nowMs()
  let looks = 0
  const own = new OwnPlaces({
    clock,
    numbers: { numberOf: () => 0, nameOf: () => null },
    nat: {
      readings: () => (isTested ? [sampleNat({ testedAtMs })] : []),
      onChange: () => () => undefined,
      refresh: () => {
        looks++
        clock.after(1_000, () => {
          testedAtMs = clock.nowMs()
        })
      },
    },
  })
  return { clock, own, looks: () => looks }
}

test('a reading younger than 20 s serves every search', async () => {
  const { clock, own, looks } = placesOf()
  own.refresh('own')
  await clock.advance(19_000)
  own.refresh('theirs')
  assert.equal(looks(), 0)
  await clock.advance(1_000)
  own.refresh('own')
  own.refresh('theirs')
  assert.equal(looks(), 1)
})

test('peers that ask without end have the NATs looked at every 40 s, own searches every 20', async () => {
  for (const [whose, most] of [
    ['theirs', 15],
    ['own', 30],
  ] as const) {
    const { clock, own, looks } = placesOf()
    for (let second = 0; second < 600; second++) {
      own.refresh(whose)
      await clock.advance(1_000)
    }
    assert.ok(looks() >= most - 2 && looks() <= most, `${whose}: ${looks()}`)
  }
})

test('what a hub says is over is looked at again however young it is, every 10 s at most', async () => {
  const { clock, own, looks } = placesOf()
  own.onMoved()
  await clock.advance(0)
  assert.equal(looks(), 1)
  for (let second = 0; second < 60; second++) {
    own.onMoved()
    await clock.advance(1_000)
  }
  assert.equal(looks(), 7)
  own.onMoved()
  own[Symbol.dispose]()
  assert.equal(clock.pending(), 1, 'but the look that is under way')
})

test('where nothing has been read, one look serves all that want it within seconds', async () => {
  const { clock, own, looks } = placesOf(false)
  own.refresh('own')
  own.refresh('own')
  await clock.advance(4_000)
  own.refresh('own')
  assert.equal(looks(), 2)
})
