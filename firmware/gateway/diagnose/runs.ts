/**
 * Tests that run: one of a kind at a time, each with steps that come while it runs. One after which nobody asks any more ends:
 * whoever began it has gone. Knows nothing of what is tested.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import { CausewayError } from '../../model/errors.ts'
import type { RunAnswer, RunKind, RunStep } from '../../model/local-api-diagnose.ts'

/** A page asks each second. */
const forgottenMs = 6_000
const mostMs = 90_000
const mostSteps = 64
/** Those that are over can be asked for as long as they are among so many. */
const mostKept = 8

export interface Tellable {
  step(step: Partial<RunStep> & Pick<RunStep, 'verdict' | 'sentence'>): void
  /** What is so all together; the last word counts. */
  conclude(verdict: RunStep['verdict'], sentence: string): void
}

/** Ends when the signal says so. @throws what then is its conclusion */
export type Work = (tell: Tellable, signal: AbortSignal) => Promise<void>

interface Run {
  readonly kind: RunKind
  readonly beganMs: number
  readonly abort: AbortController
  readonly steps: RunStep[]
  endedMs: number | null
  verdict: RunStep['verdict']
  sentence: string | null
  forget: CancelTimer
}

export class Runs implements Disposable {
  readonly #clock: Clock
  readonly #newId: () => string
  readonly #onFault: (error: unknown) => void
  readonly #runs = new Map<string, Run>()

  /**
   * @param newId 16 hex digits that nobody guesses
   * @param onFault what went wrong inside, for the log: it ends that test alone
   */
  constructor(clock: Clock, newId: () => string, onFault: (error: unknown) => void) {
    this.#clock = clock
    this.#newId = newId
    this.#onFault = onFault
  }

  /** @throws API_BUSY while one of this kind runs */
  begin(kind: RunKind, work: Work): RunAnswer {
    if (this.isRunning(kind))
      throw new CausewayError('API_BUSY', `another test of this kind (${kind}) runs`)
    const run: Run = {
      kind,
      beganMs: this.#clock.nowMs(),
      abort: new AbortController(),
      steps: [],
      endedMs: null,
      verdict: 'info',
      sentence: null,
      forget: () => {},
    }
    const id = this.#newId()
    this.#runs.set(id, run)
    this.#thin()
    this.#expect(run)
    const last = this.#clock.after(mostMs, () => run.abort.abort())
    void this.#carryOut(run, work).finally(last)
    return this.show(id)
  }

  isRunning(kind: RunKind): boolean {
    return [...this.#runs.values()].some((run) => run.kind === kind && run.endedMs === null)
  }

  /** Asking keeps it alive. @throws API_NOT_FOUND */
  show(id: string): RunAnswer {
    const run = this.#find(id)
    this.#expect(run)
    const { kind, beganMs, endedMs, verdict, sentence, steps } = run
    return {
      id,
      kind,
      isDone: endedMs !== null,
      seconds: ((endedMs ?? this.#clock.nowMs()) - beganMs) / 1000,
      verdict,
      sentence,
      steps: [...steps],
    }
  }

  /** @throws API_NOT_FOUND */
  stop(id: string): RunAnswer {
    this.#find(id).abort.abort()
    return this.show(id)
  }

  [Symbol.dispose](): void {
    for (const run of this.#runs.values()) {
      run.forget()
      run.abort.abort()
    }
  }

  #find(id: string): Run {
    const run = this.#runs.get(id)
    if (run === undefined) throw new CausewayError('API_NOT_FOUND', 'there is no such test')
    return run
  }

  #expect(run: Run): void {
    run.forget()
    if (run.endedMs !== null) return
    run.forget = this.#clock.after(forgottenMs, () => run.abort.abort())
  }

  async #carryOut(run: Run, work: Work): Promise<void> {
    const { signal } = run.abort
    try {
      await work(tellerOf(run), signal)
    } catch (error) {
      run.verdict = 'bad'
      run.sentence = failureText(error)
      if (!(error instanceof CausewayError)) this.#onFault(error)
    } finally {
      run.endedMs = this.#clock.nowMs()
      run.forget()
      run.sentence ??= signal.aborted ? 'It was stopped.' : 'It is done.'
    }
  }

  #thin(): void {
    for (const [id, { endedMs }] of this.#runs) {
      if (this.#runs.size <= mostKept) return
      if (endedMs !== null) this.#runs.delete(id)
    }
  }
}

function tellerOf(run: Run): Tellable {
  return {
    step: (step) => {
      if (run.steps.length >= mostSteps) return
      run.steps.push({ number: null, address: null, seconds: null, remedy: null, ...step })
    },
    conclude: (verdict, sentence) => {
      run.verdict = verdict
      run.sentence = sentence
    },
  }
}

function failureText(error: unknown): string {
  if (!(error instanceof Error)) return 'It failed.'
  if (!(error instanceof CausewayError)) return `It failed: ${error.message}.`
  return error.detail === undefined ? error.message : `${error.message} (${error.detail})`
}
