/** Many links, one overlay: paths, failover within a second, steering, MTU. Its promises, in order. */
import type { Line } from './line.ts'
import { blackouts } from './many-links/blackouts.ts'

export const lines: readonly Line[] = [blackouts]
