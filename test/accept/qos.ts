/** QoS: a call stays clear on a full link. Its promises, in order. */
import type { Line } from './line.ts'
import { callLine } from './qos/call.ts'
import { classes } from './qos/classes.ts'
import { cost } from './qos/cost.ts'
import { ingress } from './qos/ingress.ts'
import { limits } from './qos/limits.ts'
import { rate } from './qos/rate.ts'
import { relayed } from './qos/relayed.ts'
import { seen } from './qos/seen.ts'
import { shares } from './qos/shares.ts'
import { table } from './qos/table.ts'

export const lines: readonly Line[] = [
  callLine,
  classes,
  shares,
  rate,
  ingress,
  limits,
  seen,
  relayed,
  table,
  cost,
]
