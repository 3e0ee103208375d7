/** Through any NAT: by the relay at once, directly where there is a way, and back. Its promises; that first which mostly waits. */
import { hostile } from './any-nat/hostile.ts'
import { idle } from './any-nat/idle.ts'
import { matrix } from './any-nat/matrix.ts'
import { moves } from './any-nat/moves.ts'
import { roaming } from './any-nat/roaming.ts'
import { sameNat } from './any-nat/same-nat.ts'
import { stun } from './any-nat/stun.ts'
import type { Line } from './line.ts'

export const lines: readonly Line[] = [idle, matrix, moves, roaming, sameNat, hostile, stun]
