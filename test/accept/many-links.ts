/** Many links, one overlay: paths, failover within a second, steering, MTU. Its promises, in order. */
import type { Line } from './line.ts'
import { blackouts } from './many-links/blackouts.ts'
import { explain } from './many-links/explain.ts'
import { falseFailovers } from './many-links/false-failovers.ts'
import { idleCost } from './many-links/idle-cost.ts'
import { mtu } from './many-links/mtu.ts'
import { singlePath } from './many-links/single-path.ts'
import { spread } from './many-links/spread.ts'
import { steering } from './many-links/steering.ts'

export const lines: readonly Line[] = [
  blackouts,
  steering,
  falseFailovers,
  idleCost,
  spread,
  mtu,
  explain,
  singlePath,
]
