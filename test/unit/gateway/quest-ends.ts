/** Ends of searches for direct ways, for tests: what they do is noted, what they say arrives a little later. */
import assert from 'node:assert/strict'
import { Quest } from '../../../firmware/gateway/traversal/quest.ts'
import { type SprayTurn, SprayTurns } from '../../../firmware/gateway/traversal/spray-turns.ts'
import { type VirtualClock, virtualClock } from '../../../firmware/host/clock/virtual.ts'
import type { OwnPlace } from '../../../firmware/plan/candidate.ts'
import type { Item } from '../../../firmware/wire/control-item.ts'
import { otherPlace, samplePlace } from '../plan/sample-place.ts'

export interface End {
  readonly quest: Quest
  place: OwnPlace
  isDirect: boolean
  hasData: boolean
  /** With their times, in ms. */
  readonly sent: Item<'candidates'>[]
  readonly triedAtMs: number[]
  readonly tried: string[][]
  readonly sprayed: { readonly atMs: number; readonly isManyLocal: boolean }[]
  refreshes: number
  stops: number
}

export const delayMs = 20
/** Of items. */
export const noWall = { wall: 'open', isMoved: false } as const

/** @param isLost whether an item from here does not arrive */
export function endOf(
  clock: VirtualClock,
  place: OwnPlace,
  isSmaller: boolean,
  deliver: (item: Item<'candidates'>) => void,
  turn: SprayTurn = new SprayTurns(clock).of('peer'),
): End {
  const end: End = {
    ...{ place, isDirect: false, hasData: true, sent: [], triedAtMs: [], tried: [], sprayed: [] },
    ...{ refreshes: 0, stops: 0 },
    quest: new Quest({
      clock,
      isSmaller,
      own: () => end.place,
      isDirect: () => end.isDirect,
      hasData: () => end.hasData,
      send: (item) => {
        end.sent.push(item)
        clock.after(delayMs, () => deliver(item))
      },
      try: (ways) => {
        end.triedAtMs.push(clock.nowMs())
        end.tried.push(ways.map(({ remoteAddress }) => remoteAddress))
      },
      spray: ({ isManyLocal }) => end.sprayed.push({ atMs: clock.nowMs(), isManyLocal }),
      stopSpray: () => end.stops++,
      turn,
      refresh: () => end.refreshes++,
    }),
  }
  return end
}

export function pairOf(here = samplePlace(), there = otherPlace()) {
  const clock = virtualClock(0)
  const ends: End[] = []
  const one = endOf(clock, here, true, (item) => ends[1]!.quest.onCandidates(item))
  const other = endOf(clock, there, false, (item) => ends[0]!.quest.onCandidates(item))
  ends.push(one, other)
  const end = (): void => {
    for (const { quest } of ends) quest[Symbol.dispose]()
    assert.equal(clock.pending(), 0, 'a timer outlived its owner')
  }
  return { clock, one, other, end }
}
