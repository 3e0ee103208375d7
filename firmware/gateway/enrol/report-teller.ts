/** Says to the owner's controller how the box is: what is new at most each ten seconds, the same each five minutes. */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { EdgeMessage } from '../../model/control-link.ts'

export type Report = Extract<EdgeMessage, { kind: 'report' }>

export interface ReportTellerParts {
  readonly clock: Clock
  /** How the box is; null: it does not know yet, or has nobody to tell. */
  readonly report: () => Report | null
  readonly say: (report: Report) => void
}

const reportMs = 10_000
/** What did not change is told so seldom. */
const sameReportMs = 300_000

export class ReportTeller implements Disposable {
  readonly #parts: ReportTellerParts
  #told = ''
  #toldMs = Number.NEGATIVE_INFINITY
  #cancel: CancelTimer = () => {}

  constructor(parts: ReportTellerParts) {
    this.#parts = parts
    this.#report()
  }

  /** There is a link, and it is another than before: nothing was said by it. */
  onLink(): void {
    this.#told = ''
    this.#report()
  }

  [Symbol.dispose](): void {
    this.#cancel()
  }

  #report(): void {
    const { clock, report, say } = this.#parts
    this.#cancel()
    this.#cancel = clock.after(reportMs, () => this.#report())
    const said = report()
    if (said === null) return
    const { rxBytes, txBytes, ...rest } = said
    const text = JSON.stringify(rest)
    const nowMs = clock.nowMs()
    if (text === this.#told && nowMs - this.#toldMs < sameReportMs) return
    this.#told = text
    this.#toldMs = nowMs
    say(said)
  }
}
