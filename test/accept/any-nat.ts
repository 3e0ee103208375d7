/** Through any NAT: by the relay at once, directly where there is a way, and back. Its promises, in order. */
import { matrix } from './any-nat/matrix.ts'
import { moves } from './any-nat/moves.ts'
import type { Line } from './line.ts'

export const lines: readonly Line[] = [matrix, moves]
