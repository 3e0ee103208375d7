/** Guesses that never end, from several places at once: whoever has the password gets in all the same, and few are looked at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Guesses } from '../../../firmware/plan/guesses.ts'

/** A box's. */
const rate = { perSecond: 2, burst: 32 }
const second = 1_000
const hour = 3_600 * second

interface Attack {
  readonly guesses: Guesses
  nowMs: number
  looked: number
}

function open(guesses = new Guesses(rate)): Attack {
  return { guesses, nowMs: 0, looked: 0 }
}

/** Each place asks twice a second, as often as the door lets it. */
function guess(
  attack: Attack,
  places: number,
  lastsMs: number,
  nameOf: (round: number) => string = () => 'admin',
): void {
  const untilMs = attack.nowMs + lastsMs
  for (let round = 0; attack.nowMs < untilMs; round++, attack.nowMs += second / 2) {
    for (let place = 0; place < places; place++) {
      if (isLookedAt(attack, nameOf(round), `guesser ${place}`)) attack.looked++
    }
  }
}

function isLookedAt({ guesses, nowMs }: Attack, name: string, source: string): boolean {
  try {
    guesses.check(name, source, nowMs)
  } catch {
    return false
  }
  guesses.wrong(name, source, nowMs)
  return true
}

/** Once a minute, and mistyped at first. @returns minutes until it was looked at as it should be */
function minutesOfOwner(attack: Attack, places: number, from: string, mistyped: number): number {
  let left = mistyped
  for (let minute = 0; minute < 60; minute++) {
    let isSeen = true
    try {
      attack.guesses.check('admin', from, attack.nowMs)
    } catch {
      isSeen = false
    }
    if (isSeen && left === 0) return minute
    if (isSeen) {
      attack.guesses.wrong('admin', from, attack.nowMs)
      left--
    }
    guess(attack, places, 60 * second)
  }
  return 60
}

for (const [places, hours] of [
  [2, 6],
  [16, 3],
  [100, 1],
] as const) {
  test(`${places} places guess for ${hours} h: the owner gets in from a device that is new`, () => {
    const attack = open()
    guess(attack, places, hours * hour)
    const minutes = minutesOfOwner(attack, places, 'new device', 2)
    assert.ok(minutes <= 4, `${minutes} minutes`)
    const most = 100 + (200 * attack.nowMs) / hour
    assert.ok(attack.looked <= most, `${attack.looked} of ${most}`)
  })
}

test('from the first minute on as well, from some places', () => {
  const attack = open()
  guess(attack, 16, 60 * second)
  assert.equal(minutesOfOwner(attack, 16, 'new device', 0), 0)
})

test('where it was right before the owner gets in at once, also told so after a restart', () => {
  const kept = new Guesses(rate).right('admin', 'own device')
  const attack = open()
  for (const place of kept) attack.guesses.right('admin', place)
  // A whole LAN, in its first minutes: there is nothing left for a device that is new.
  guess(attack, 250, 5 * 60 * second)
  assert.equal(isLookedAt(attack, 'admin', 'new device'), false)
  assert.equal(minutesOfOwner(attack, 250, 'own device', 1), 1)
})

test('of names made up by several places few are looked at, and the owner all the same', () => {
  const attack = open()
  guess(attack, 40, hour, (round) => `name-${round}`)
  assert.ok(attack.looked <= 32 + 2 * 3_600, String(attack.looked))
  assert.equal(minutesOfOwner(attack, 0, 'new device', 0), 0)
})

test('eight places of a name are known, the latest', () => {
  const guesses = new Guesses(rate)
  for (let at = 0; at < 9; at++) guesses.right('admin', `place ${at}`)
  assert.deepEqual(
    guesses.right('admin', 'place 1'),
    [2, 3, 4, 5, 6, 7, 8, 1].map((at) => `place ${at}`),
  )
})

test('who signs in rightly in between does not guess the more at another name', () => {
  const attack = open()
  let looked = 0
  for (; attack.nowMs < hour; attack.nowMs += second) {
    for (let place = 0; place < 16; place++) {
      attack.guesses.right('viewer', `guesser ${place}`)
      if (isLookedAt(attack, 'admin', `guesser ${place}`)) looked++
    }
  }
  assert.ok(looked <= 300, String(looked))
  assert.equal(isLookedAt(attack, 'admin', 'new device'), true)
})
