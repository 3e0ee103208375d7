/**
 * Which configuration runs: a candidate while one is tried; else device.yaml if every check passes; else the one that
 * runs already; else, at boot, the newest of the history; else what a blank box has. Never stops the gateway. What becomes of a
 * candidate is decided in config-change.ts.
 */
import { readConfigFile } from '../host/config/file.ts'
import { type Entry, type History, type Origin, openHistory } from '../host/config/history.ts'
import { parseDeviceConfig } from '../host/config/parse.ts'
import { type Disk, systemDisk } from '../host/system/disk.ts'
import { replaceFile } from '../host/system/file.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError, type ErrorBody } from '../model/errors.ts'
import {
  compareRevisions,
  conflictOf,
  factoryConfig,
  isCutOff,
  isUnconfirmed,
  type RunningConfig,
  readChecked,
  readNow,
  refusalsOf,
} from './config-check.ts'
import { fieldsOf, fieldsOfBody } from './log-fields.ts'

export interface ConfigSourceParts {
  readonly places: Pick<Places, 'config' | 'configFolder' | 'factoryConfig'>
  readonly ownWireKey: string
  readonly log: Log
  readonly disk?: Disk
  /** Milliseconds since 1970, as far as the box knows. */
  readonly wallMs: () => number
}

export type Candidate = RunningConfig & { readonly config: DeviceConfig; readonly origin: Origin }

/** Each of a document's hundred errors is for `causeway check`; the log gets the first ones. */
const loggedErrors = 10

export class ConfigSource {
  readonly #parts: ConfigSourceParts
  readonly #disk: Disk
  #history: History | null = null
  /** What was confirmed last; null until device.yaml was read for the first time. */
  #confirmed: RunningConfig | null = null
  #candidate: Candidate | null = null
  /** device.yaml as it was read last; null if it could not be. */
  #fileText: string | null = null
  #wantsFile = true
  /** device.yaml may hold the candidate, or one that was taken back: a write of it failed half-way. */
  #isInDoubt = false
  /** What reads and writes files does so one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: ConfigSourceParts) {
    this.#parts = parts
    this.#disk = parts.disk ?? systemDisk
  }

  /** Null until device.yaml was read. */
  get confirmed(): RunningConfig | null {
    return this.#confirmed
  }

  get candidate(): Candidate | null {
    return this.#candidate
  }

  get entries(): readonly Entry[] {
    return this.#history?.entries ?? []
  }

  /** device.yaml is read again by the next choice; while a candidate runs, by the first one after it. */
  reload(): void {
    this.#wantsFile = true
    if (this.#candidate === null) return
    const { revision } = this.#candidate.config
    const detail = 'device.yaml is read once the change is confirmed or taken back'
    this.#parts.log.warn({ code: 'CONFIG_PENDING', revision, detail }, 'reload waits')
  }

  /** What passes is in the history before this returns, and so before anything is applied. */
  choose(): Promise<RunningConfig> {
    return this.#inTurn(() => this.#choose())
  }

  async #choose(): Promise<RunningConfig> {
    if (this.#candidate !== null) return this.#candidate
    if (!this.#wantsFile && this.#confirmed !== null) return this.#confirmed
    // A request that comes while this one reads is another one.
    this.#wantsFile = false
    try {
      const history = await this.#open()
      this.#confirmed = await this.#read(history)
      return this.#confirmed
    } catch (error) {
      this.#wantsFile = true
      throw error
    }
  }

  /** Every check, before anything is touched. @throws CONFIG_ errors, all of a document's in `errors` */
  check(text: string, origin: Origin): Candidate {
    const { config, errors } = parseDeviceConfig(text, { ownWireKey: this.#parts.ownWireKey })
    if (config !== null) return { config, text, source: 'candidate', refusals: [], origin }
    const [first] = errors
    throw new CausewayError(first!.code, first!.message, { ...first, errors })
  }

  /** From its return on it is what `choose` gives. @throws CONFIG_CONFLICT, STORE_WRITE_FAILED */
  propose(candidate: Candidate): Promise<void> {
    return this.#inTurn(async () => {
      const history = await this.#open()
      if (this.#isInDoubt) await this.#forget(this.#before, history)
      await this.#refuseEdited()
      await history.propose(this.#entryOf(candidate))
      this.#candidate = candidate
    })
  }

  /**
   * Makes the candidate device.yaml and the newest of the history: durable, both or neither, once it returns.
   * @throws CONFIG_CONFLICT when device.yaml holds what somebody wrote and what does not run, STORE_WRITE_FAILED
   */
  accept(): Promise<void> {
    return this.#inTurn(() => this.#accept())
  }

  async #accept(): Promise<void> {
    const candidate = this.#candidate!
    await this.#refuseEdited()
    const history = await this.#open()
    const entry = this.#entryOf(candidate)
    try {
      // This order: a cut before the last leaves a device.yaml that says what runs, and an entry that nobody misses.
      await history.begin()
      await history.add(entry)
      // Who edits it does not wait until the entry is on the disk.
      await this.#refuseEdited()
      this.#isInDoubt = true
      await replaceFile(this.#parts.places.config, candidate.text, 0o600, this.#disk)
    } catch (error) {
      await history.takeBack()
      // Whoever writes this text into an untouched device.yaml means it.
      if (!this.#isInDoubt) await history.propose(entry).catch(() => {})
      throw error
    }
    this.#isInDoubt = false
    this.#fileText = candidate.text
    this.#confirmed = { ...candidate, source: 'file' }
    this.#candidate = null
    await history.dropCandidate()
  }

  /** Back to what was confirmed last, or to a device.yaml that somebody wants read. Never fails. */
  giveUp(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#candidate === null) return
      this.#candidate = null
      await this.#forget(this.#before, await this.#open())
    })
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  /** device.yaml before the candidate, '' for none: one that was refused has been removed by whoever wrote it. */
  get #before(): string {
    return this.#confirmed!.refusals.length > 0 ? '' : (this.#fileText ?? '')
  }

  /** An edit that nobody asked to read yet, or that was refused, must not be lost under what is written here. */
  async #refuseEdited(): Promise<void> {
    const { config } = this.#parts.places
    const now = await readNow(config, this.#disk)
    const candidate = this.#candidate
    if (this.#isInDoubt && candidate !== null && now === candidate.text) return
    const isRefused = this.#confirmed!.refusals.length > 0
    if (isRefused ? now === null : now === this.#fileText) return
    throw conflictOf(config, isRefused, this.#candidate !== null)
  }

  /**
   * Forgets the candidate that was taken back. A device.yaml that may hold it gets `text` ('' for none) first; where that
   * fails, candidate.yaml stays, so that no boot takes it for what somebody wrote. Never fails.
   */
  async #forget(text: string, history: History): Promise<void> {
    const { places, log } = this.#parts
    try {
      const { candidate } = history
      const now = this.#isInDoubt ? await readNow(places.config, this.#disk) : null
      if (candidate !== null && now === candidate.text) {
        if (text === '') await this.#disk.remove(places.config)
        else await replaceFile(places.config, text, 0o600, this.#disk)
      }
      this.#isInDoubt = false
      await history.dropCandidate()
    } catch (error) {
      log.error(fieldsOf(error), 'device.yaml not restored')
    }
  }

  async #open(): Promise<History> {
    if (this.#history !== null) return this.#history
    const { places, log } = this.#parts
    this.#history = await openHistory({
      folder: places.configFolder,
      disk: this.#disk,
      onBroken: (error) => log.error(fieldsOf(error), 'saved configuration passed over'),
    })
    return this.#history
  }

  async #read(history: History): Promise<RunningConfig> {
    const { places, log, ownWireKey } = this.#parts
    const fresh = await readChecked(() => readConfigFile(places.config, this.#disk), ownWireKey)
    this.#fileText = fresh.text
    this.#isInDoubt = isUnconfirmed(fresh.text, history)
    const [newest] = history.entries
    const errors = refusalsOf(fresh, history, this.#confirmed === null)
    if (fresh.config !== null && errors.length === 0) {
      const running: Candidate = { ...fresh, source: 'file', refusals: [], origin: 'edit' }
      compareRevisions(running, newest, log)
      await this.#record(running, history)
      await this.#forgetCandidate(running.text, history)
      return running
    }
    const before = this.#confirmed !== null && this.#confirmed.config !== null
    const factory = () => factoryConfig(places.factoryConfig, this.#disk, ownWireKey, fresh, errors)
    const blank = before || history.entries.length > 0 ? null : await factory()
    for (const error of (blank?.refusals ?? errors).slice(0, loggedErrors)) {
      log.error(fieldsOfBody(error), 'configuration refused')
    }
    const instead = before
      ? { ...this.#confirmed!, refusals: errors }
      : (blank ?? this.#lastGood(history, errors) ?? (await factory()))
    const wasInDoubt = this.#isInDoubt
    const isKept = instead.config !== null && instead.source !== 'factory'
    await this.#forgetCandidate(isKept ? instead.text : '', history)
    if (!wasInDoubt || this.#isInDoubt || !isKept) return instead
    this.#fileText = instead.text
    return { ...instead, source: 'file', refusals: [] }
  }

  /** The newest that still passes: checks may have become stricter with an update. */
  #lastGood(history: History, refusals: readonly ErrorBody[]): RunningConfig | null {
    const { log, ownWireKey } = this.#parts
    for (const { text, revision } of history.entries) {
      const { config, errors } = parseDeviceConfig(text, { ownWireKey })
      if (config !== null) {
        log.warn({ revision }, 'running on the last good configuration')
        return { config, text, source: 'last-good', refusals }
      }
      log.error({ ...fieldsOfBody(errors[0]!), revision }, 'last good configuration refused')
    }
    return null
  }

  /** A full disk must not keep a good configuration from running. */
  async #record(running: Candidate, history: History): Promise<void> {
    if (history.entries[0]?.text === running.text) return
    if (isCutOff(running.text, history)) return history.takeBack()
    try {
      await history.add(this.#entryOf(running))
    } catch (error) {
      this.#parts.log.error(fieldsOf(error), 'configuration not saved')
    }
  }

  /** A gateway that starts with a candidate was stopped while one was tried; unless it is what runs. */
  async #forgetCandidate(runningText: string, history: History): Promise<void> {
    if (history.candidate === null) return
    const { revision, text } = history.candidate
    if (text !== runningText) {
      const detail = 'the gateway was stopped before it was confirmed'
      this.#parts.log.warn({ code: 'CONFIG_UNCONFIRMED', revision, detail }, 'change taken back')
    }
    await this.#forget(runningText, history)
  }

  #entryOf({ config, text, origin }: Candidate) {
    const savedAt = new Date(this.#parts.wallMs()).toISOString()
    return { revision: config.revision, origin, savedAt, text }
  }
}
