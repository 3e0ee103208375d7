/**
 * Carries a handed-in configuration through its states (plan/config-change.ts): has it saved, tried by the reconciler,
 * and made permanent or taken back. Acknowledged is what `confirm` (or `apply` without one) has returned for.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import type { Origin } from '../host/config/history.ts'
import type { Log } from '../host/system/log.ts'
import { CausewayError } from '../model/errors.ts'
import type { LastChange, PendingChange } from '../model/local-api-config.ts'
import type { ConfigChangeEvent } from '../model/local-api-event.ts'
import {
  beginChange,
  type Change,
  type ChangeEvent,
  missingNics,
  remainingSeconds,
  stepChange,
} from '../plan/config-change.ts'
import type { Candidate, ConfigSource } from './config-source.ts'
import { fieldsOf, fieldsOfBody } from './log-fields.ts'
import type { Outcome } from './reconcile.ts'

export interface ConfigChangesParts {
  readonly clock: Clock
  readonly log: Log
  readonly source: ConfigSource
  /** Asks the reconciler for a pass that chooses anew. */
  readonly request: () => void
  /** Told of nothing that was refused before it began. */
  readonly onChange: (event: ConfigChangeEvent) => void
}

export class ConfigChanges implements Disposable {
  readonly #parts: ConfigChangesParts
  #change: Change | null = null
  #candidate: Candidate | null = null
  #last: LastChange | null = null
  #cancelTimer: CancelTimer = () => {}
  /** Whoever waits for `apply`. */
  #applying: PromiseWithResolvers<void> | null = null

  constructor(parts: ConfigChangesParts) {
    this.#parts = parts
  }

  get pending(): PendingChange | null {
    const change = this.#change
    if (change === null) return null
    const { revision, phase } = change
    const seconds = remainingSeconds(change, this.#parts.clock.nowMs())
    return { revision, phase, remainingSeconds: seconds }
  }

  /** How the last one ended, since the gateway started. */
  get last(): LastChange | null {
    return this.#last
  }

  /**
   * Returns once it is in place: then it waits for `confirm`, or is permanent already if `confirmSeconds` is 0.
   * @param origin the owner's own counting is what says whether one of a controller is new
   * @throws CONFIG_ errors: of the document, CONFIG_PENDING, CONFIG_CONFLICT, CONFIG_NOT_APPLIED …; STORE_WRITE_FAILED
   */
  async apply(text: string, confirmSeconds: number, origin: Origin = 'apply'): Promise<void> {
    const { clock, source, request, onChange } = this.#parts
    const { confirmed, entries } = source
    if (confirmed === null) {
      throw new CausewayError('API_NOT_READY', 'the configuration has not been read yet')
    }
    const candidate = source.check(text, origin)
    const { revision } = candidate.config
    const revisions = entries.map((entry) => entry.revision)
    const isFree = origin === 'controller' || revisions.length === 0
    const highestRevision = isFree ? null : Math.max(...revisions)
    const hasFallback = confirmed.config !== null
    const proposal = { revision, confirmSeconds, highestRevision, hasFallback }
    const change = beginChange(this.#change, proposal, clock.nowMs())
    const applying = Promise.withResolvers<void>()
    // Its end may come while nobody listens yet.
    applying.promise.catch(() => {})
    this.#change = change
    this.#applying = applying
    try {
      await source.propose(candidate)
    } catch (error) {
      // Nothing has been touched yet; and once somebody took it back, what is there now is another's.
      if (this.#change === change) this.#change = null
      if (this.#applying === applying) this.#applying = null
      throw error
    }
    // Else somebody took it back meanwhile.
    if (this.#change === change) {
      this.#candidate = candidate
      this.#parts.log.info({ revision }, 'change begins')
      this.#await(change.deadlineMs)
      onChange({ kind: 'change', revision, step: 'begun' })
      request()
    }
    await applying.promise
  }

  /** @throws CONFIG_NOT_PENDING, CONFIG_PENDING, CONFIG_UNCONFIRMED (too late), CONFIG_CONFLICT, STORE_WRITE_FAILED */
  async confirm(): Promise<void> {
    await this.#feed({ kind: 'confirm' }, unconfirmed('the confirm came too late'))
    if (this.#last?.result === 'taken-back') throw unconfirmed('the confirm came too late')
  }

  /** @throws CONFIG_NOT_PENDING, CONFIG_PENDING */
  async rollback(): Promise<void> {
    await this.#feed({ kind: 'rollback' }, unconfirmed('somebody took it back'))
  }

  /** Those that a change fails for. */
  missingNics(absentNics: readonly string[]): readonly string[] {
    return missingNics(absentNics, this.#parts.source.confirmed?.config ?? null)
  }

  /** What the reconciler says after each pass. */
  onPass({ running, isDone, failure, absentNics }: Outcome): void {
    if (this.#candidate === null || running !== this.#candidate) return
    const missing = this.missingNics(absentNics)
    const detail =
      failure !== null
        ? `${failure.message} (${failure.code})`
        : missing.length > 0
          ? `there is no NIC ${missing.join(', ')}`
          : undefined
    const reason = new CausewayError('CONFIG_NOT_APPLIED', 'could not be applied', { detail })
    if (detail !== undefined) this.#feedOrSay({ kind: 'failed' }, reason)
    else if (isDone) this.#feedOrSay({ kind: 'applied' }, reason)
  }

  /** A change under way stays a candidate: the next gateway takes it back. */
  [Symbol.dispose](): void {
    this.#cancelTimer()
    this.#applying?.reject(new CausewayError('API_NOT_READY', 'the gateway is being stopped'))
  }

  /** Timers may run a little before their time by another clock. */
  #await(deadlineMs: number): void {
    const { clock } = this.#parts
    this.#cancelTimer = clock.after(deadlineMs - clock.nowMs(), () => {
      if (clock.nowMs() < deadlineMs) this.#await(deadlineMs)
      else this.#tick()
    })
  }

  #tick(): void {
    const isApplied = this.#change?.phase === 'waiting'
    const reason = isApplied
      ? unconfirmed('nobody confirmed it in time')
      : new CausewayError('CONFIG_NOT_APPLIED', 'was not in place in time')
    this.#feedOrSay({ kind: 'tick' }, reason)
  }

  #feedOrSay(event: ChangeEvent, reason: CausewayError): void {
    this.#feed(event, reason).catch((error: unknown) => {
      if (!(error instanceof CausewayError)) throw error
      // Whoever waits for `apply` has been told; nobody else asked.
      this.#parts.log.error(fieldsOf(error), 'change failed')
    })
  }

  /** @param reason why, should this be the end of it */
  async #feed(event: ChangeEvent, reason: CausewayError): Promise<void> {
    const { clock } = this.#parts
    const before = this.#change
    const { change, act } = stepChange(before, event, clock.nowMs())
    this.#change = change
    if (act === 'write') await this.#write()
    else if (act === 'return') await this.#return(before!, reason)
    else if (change?.phase === 'waiting') this.#wait(change)
  }

  #wait({ revision }: Change): void {
    const remainingSeconds = this.pending!.remainingSeconds
    this.#parts.onChange({ kind: 'change', revision, step: 'in-place', remainingSeconds })
    this.#applying?.resolve()
  }

  async #write(): Promise<void> {
    const { source, request } = this.#parts
    const change = this.#change!
    try {
      await source.accept()
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      await this.#feed({ kind: 'unwritten' }, error)
      throw error
    }
    const written = this.#feed({ kind: 'written' }, unconfirmed('never'))
    // In the same turn: from now on somebody may begin another one.
    this.#end({ revision: change.revision, result: 'confirmed' }, null)
    await written
    request()
  }

  async #return({ revision }: Change, reason: CausewayError): Promise<void> {
    const { source, request } = this.#parts
    this.#end({ revision, result: 'taken-back', reason: reason.toJSON() }, reason)
    await source.giveUp()
    request()
  }

  #end(last: LastChange, reason: CausewayError | null): void {
    const { log, onChange } = this.#parts
    const { revision, result: step, reason: why } = last
    this.#last = last
    this.#candidate = null
    this.#cancelTimer()
    onChange({ kind: 'change', revision, step, ...(why === undefined ? {} : { reason: why }) })
    if (reason === null) {
      log.info({ revision }, 'change confirmed')
      this.#applying?.resolve()
    } else {
      log.warn({ ...fieldsOfBody(reason.toJSON()), revision }, 'change taken back')
      this.#applying?.reject(reason)
    }
  }
}

function unconfirmed(message: string): CausewayError {
  return new CausewayError('CONFIG_UNCONFIRMED', message)
}
