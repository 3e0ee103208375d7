/** The appliance: an image that boots, forwards, updates itself, and cannot be bricked. Its promises, in order. */
import { arm64 } from './appliance/arm64.ts'
import { backup } from './appliance/backup.ts'
import { boot } from './appliance/boot.ts'
import { builds } from './appliance/builds.ts'
import { data } from './appliance/data.ts'
import { overlay } from './appliance/overlay.ts'
import { ports } from './appliance/ports.ts'
import { power } from './appliance/power.ts'
import { reset } from './appliance/reset.ts'
import { units } from './appliance/units.ts'
import { update } from './appliance/update.ts'
import type { Line } from './line.ts'

export const lines: readonly Line[] = [
  boot,
  overlay,
  arm64,
  update,
  power,
  reset,
  data,
  backup,
  ports,
  units,
  builds,
]
