/** The gateway made whole: segments, IPv6, no leak, restarts, hostile input. Its promises, in order. */
import type { Line } from './line.ts'
import { noLeak } from './whole/no-leak.ts'

export const lines: readonly Line[] = [noLeak]
