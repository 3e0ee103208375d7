/**
 * Notes each second how all is, for the history and for whoever looks at this moment, and keeps what happens in words. Costs a walk over
 * the counters that have been read anyway; nothing is composed for pages that nobody has open.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { BlockDisk } from '../../host/store/block-log.ts'
import type { Log } from '../../host/system/log.ts'
import { version } from '../../model/version.ts'
import { type SampleFacts, sampleEvent, sampleOf } from '../../plan/sample.ts'
import type { HistoryRouteParts } from '../api/history-routes.ts'
import type { StatusWatch } from '../status-watch.ts'
import { History } from './history.ts'
import { RecentEvents } from './recent-events.ts'

export interface RecorderParts {
  readonly clock: Clock
  /** Milliseconds since 1970, as far as the box knows. */
  readonly wallMs: () => number
  readonly log: Log
  readonly folder: string
  readonly disk?: BlockDisk
  readonly watch: StatusWatch
  readonly facts: () => SampleFacts
}

const periodMs = 1_000

/** @param owned takes what must be closed */
export function openRecorder(parts: RecorderParts, owned: AsyncDisposableStack): HistoryRouteParts {
  const { clock, wallMs, watch, facts } = parts
  const history = owned.use(new History(parts))
  const recent = owned.use(
    new RecentEvents({
      ...{ ...parts, version },
      onTold: (event) => watch.show({ kind: 'told', event }),
    }),
  )
  owned.defer(watch.keep((event) => recent.take(event)))
  const tick = (): void => {
    cancel = clock.after(periodMs - (clock.nowMs() % periodMs), tick)
    const sample = sampleOf(facts())
    history.take({ ...sample, isHealthy: watch.isHealthy })
    if (watch.isHeard) watch.show(sampleEvent(sample, Math.round(wallMs()) / 1000))
  }
  let cancel: CancelTimer = clock.after(periodMs, tick)
  owned.defer(() => cancel())
  return {
    ofName: (...asked) => history.ofName(...asked),
    ofBox: (span) => history.ofBox(span),
    recent: () => recent.recent(),
  }
}
