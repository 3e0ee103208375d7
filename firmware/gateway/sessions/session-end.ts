/** How a session ended, for who asks why there is none: remembered until there is a keypair again. */
import type { Clock } from '../../host/clock/clock.ts'

export interface SessionEnd {
  /** Its keys were over, or the other end closed it, or the datapath died with them. */
  readonly by: 'expiry' | 'close' | 'datapath'
  readonly atMs: number
}

/** The part of a session that this is about. */
interface Ending {
  readonly context: { readonly clock: Clock }
  readonly current: object | null
  ended: SessionEnd | null
}

/** Call while it still has its keypair; without one it has ended before. */
export function noteEnd(session: Ending, by: SessionEnd['by']): void {
  if (session.current === null) return
  session.ended = { by, atMs: session.context.clock.nowMs() }
}
