/** The gateway made whole: segments, IPv6, no leak, restarts, hostile input. Its promises, in order. */
import type { Line } from './line.ts'
import { flood } from './whole/flood.ts'
import { forged } from './whole/forged.ts'
import { fuzzers } from './whole/fuzzers.ts'
import { hostile } from './whole/hostile.ts'
import { idle } from './whole/idle.ts'
import { inMemory } from './whole/in-memory.ts'
import { mtu } from './whole/mtu.ts'
import { noLeak } from './whole/no-leak.ts'
import { powerCut } from './whole/power-cut.ts'
import { restarts } from './whole/restarts.ts'
import { segments } from './whole/segments.ts'

export const lines: readonly Line[] = [
  segments,
  forged,
  noLeak,
  restarts,
  hostile,
  fuzzers,
  mtu,
  flood,
  powerCut,
  inMemory,
  idle,
]
