/** The controller: zero-touch from power-on to forwarding, and a fleet from one place. Its promises. */
import { hubs } from './controller/hubs.ts'
import { outage } from './controller/outage.ts'
import { storeCuts } from './controller/power-cuts.ts'
import { refusals } from './controller/refusals.ts'
import { scale } from './controller/scale.ts'
import { storm } from './controller/storm.ts'
import { zeroTouch } from './controller/zero-touch.ts'
import type { Line } from './line.ts'

export const lines: readonly Line[] = [zeroTouch, refusals, outage, hubs, scale, storm, storeCuts]
