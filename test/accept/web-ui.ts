/** The box's own page: set up from nothing, legible, safe, and no burden. Its promises, in order; then pictures of it. */
import type { Line } from './line.ts'
import { axe } from './web-ui/axe.ts'
import { capture } from './web-ui/capture.ts'
import { firstRun } from './web-ui/first-run.ts'
import { guessing } from './web-ui/guesses.ts'
import { load } from './web-ui/load.ts'
import { policy } from './web-ui/policy.ts'
import { refused } from './web-ui/refused.ts'
import { roles } from './web-ui/roles.ts'
import { screenshots } from './web-ui/screenshots.ts'
import { uplinkCut } from './web-ui/uplink-cut.ts'

export const lines: readonly Line[] = [
  firstRun,
  uplinkCut,
  policy,
  capture,
  roles,
  axe,
  load,
  guessing,
  refused,
  screenshots,
]
