/** QoS: a call stays clear on a full link. Its promises, in order. */
import type { Line } from './line.ts'
import { callLine } from './qos/call.ts'
import { cost } from './qos/cost.ts'
import { ingress } from './qos/ingress.ts'
import { limits } from './qos/limits.ts'
import { rate } from './qos/rate.ts'
import { shares } from './qos/shares.ts'

export const lines: readonly Line[] = [callLine, shares, rate, ingress, limits, cost]
