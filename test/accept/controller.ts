/** The controller: zero-touch from power-on to forwarding, and a fleet from one place. Its promises. */
import { hubs } from './controller/hubs.ts'
import { outage } from './controller/outage.ts'
import { refusals } from './controller/refusals.ts'
import { zeroTouch } from './controller/zero-touch.ts'
import type { Line } from './line.ts'

export const lines: readonly Line[] = [zeroTouch, refusals, outage, hubs]
