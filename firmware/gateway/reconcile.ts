/**
 * Brings machine and datapath to what the configuration says: one pass at a time, repeated with growing pauses
 * until it succeeds, whenever somebody asks, and now and then by itself, for others change the machine too. A pass
 * that finds nothing to do changes nothing.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import type { Datapath } from '../host/datapath/datapath.ts'
import type { Net } from '../host/net/net.ts'
import type { Services } from '../host/service/service.ts'
import type { Log } from '../host/system/log.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError } from '../model/errors.ts'
import type { HostState, Step } from '../model/host-state.ts'
import type { LeaseFacts } from '../model/service.ts'
import { compile, type DesiredState, type UplinkPlace } from '../plan/compile.ts'
import { diff, isRemoval } from '../plan/diff.ts'
import type { ApplianceDesk } from './appliance.ts'
import { noConfig, type RunningConfig } from './config-check.ts'
import { fieldsOf } from './log-fields.ts'
import type { ProgramLoader } from './program-loader.ts'
import type { Withholding } from './withholding.ts'

const firstPauseMs = 500
const longestPauseMs = 30_000
/** A NIC that is missing may be a modem that still boots. */
const absentPauseMs = 5_000
/** How long what somebody else broke (flushed rules, a lost link or route) may stay so. */
const lookAgainMs = 30_000
/** A lease that is over within this is over. */
const leastLookMs = 1_000
/** One change can undo another (an address takes its routes along), so a pass looks again after it acted. */
const mostRounds = 4
const nothingFound = { absentNics: [], leases: [], refusedLeases: [] }

export interface ReconcileParts {
  readonly clock: Clock
  readonly log: Log
  readonly net: Net
  readonly loader: ProgramLoader
  readonly services: Services
  readonly withholding: Withholding
  readonly appliance: ApplianceDesk
  readonly nicNetns: string
  readonly mac1Keys: readonly Uint8Array[]
  /** Which configuration is to run. */
  readonly choose: () => Promise<RunningConfig>
  /** Whether a change fails for NICs that are absent: for its sake nothing that works is taken down. */
  readonly lacksNics: (absentNics: readonly string[]) => boolean
  /** Null while there is none. */
  readonly datapath: () => Datapath | null
  /** Tells peers that are configured no more, while the datapath can still seal for them. */
  readonly leaveSessions: (config: DeviceConfig) => Promise<void>
  /** Sockets and peers, once machine and datapath are as they should be. */
  readonly configureSessions: (
    config: DeviceConfig,
    uplinks: readonly UplinkPlace[],
    datapath: Datapath,
  ) => Promise<void>
  /** After each pass that was not broken off. */
  readonly onPass: (outcome: Outcome) => void
}

/** How the last pass ended. */
export interface Outcome {
  readonly running: RunningConfig
  readonly absentNics: readonly string[]
  /** Those that are used, and the uplinks with one that is not. */
  readonly leases: readonly LeaseFacts[]
  readonly refusedLeases: readonly string[]
  /** Machine, datapath and sessions are as configured. */
  readonly isDone: boolean
  /** Why not; null if there is no failure (the datapath may just not be there yet). */
  readonly failure: CausewayError | null
}

export class Reconciler implements AsyncDisposable {
  readonly #parts: ReconcileParts
  readonly #abort = new AbortController()
  #outcome: Outcome = { running: noConfig, ...nothingFound, isDone: false, failure: null }
  #wantsPass = false
  #wantsConfig = true
  /** Taken before the machine is touched for the first time. */
  #claim: AsyncDisposable | null = null
  #pauseMs = firstPauseMs
  #cancelPause: CancelTimer = () => {}
  #running: Promise<void> | null = null

  constructor(parts: ReconcileParts) {
    this.#parts = parts
  }

  get outcome(): Outcome {
    return this.#outcome
  }

  /** Asks for a pass; during one, for another after it. `reload` chooses the configuration anew. */
  request(reload: boolean): void {
    if (this.#abort.signal.aborted) return
    this.#wantsPass = true
    this.#wantsConfig ||= reload
    this.#pauseMs = firstPauseMs
    this.#cancelPause()
    this.#running ??= this.#run()
  }

  /** Ends the pass under way at its next step. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    this.#cancelPause()
    await this.#running
    await this.#claim?.[Symbol.asyncDispose]()
    this.#claim = null
  }

  async #run(): Promise<void> {
    while (this.#wantsPass && !this.#abort.signal.aborted) {
      this.#wantsPass = false
      await this.#pass()
    }
    this.#running = null
  }

  async #pass(): Promise<void> {
    const { log, onPass } = this.#parts
    const signal = this.#abort.signal
    try {
      const running = await this.#chooseConfig()
      const { config } = running
      if (config === null) {
        await this.#parts.appliance.look()
        this.#outcome = { running, ...nothingFound, isDone: false, failure: null }
        onPass(this.#outcome)
        return
      }
      const isTried = running.source === 'candidate'
      const { isLoaded, expiresInMs } = await this.#apply(config, isTried, signal)
      signal.throwIfAborted()
      const { absentNics } = this.#outcome
      this.#outcome = { ...this.#outcome, running, isDone: isLoaded, failure: null }
      this.#pauseMs = firstPauseMs
      this.#again(absentNics.length > 0 ? absentPauseMs : Math.max(expiresInMs, leastLookMs))
      onPass(this.#outcome)
    } catch (error) {
      if (signal.aborted) return
      const failure = operatingError(error)
      log.error(fieldsOf(failure), 'reconcile failed')
      this.#outcome = { ...this.#outcome, isDone: false, failure }
      this.#again(this.#pauseMs)
      this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs)
      onPass(this.#outcome)
    }
  }

  async #chooseConfig(): Promise<RunningConfig> {
    if (!this.#wantsConfig) return this.#outcome.running
    // A request that comes while this one reads is another one.
    this.#wantsConfig = false
    try {
      const running = await this.#parts.choose()
      this.#outcome = { ...this.#outcome, running }
      return running
    } catch (error) {
      this.#wantsConfig = true
      throw error
    }
  }

  async #apply(
    config: DeviceConfig,
    isTried: boolean,
    signal: AbortSignal,
  ): Promise<{ isLoaded: boolean; expiresInMs: number }> {
    const { net, loader, services, withholding, nicNetns, mac1Keys, datapath } = this.#parts
    const { appliance } = this.#parts
    this.#claim ??= await net.claim()
    const { lacking, leaving } = await appliance.settle(config)
    const nics = await net.nics(nicNetns)
    const leases = await services.leases()
    const withheld = await withholding.next(config, leases, isTried)
    const desired = compile(config, { mac1Keys, nicNetns, nics, leases, withheld, lacking })
    // One that is on its way is not missing.
    const absentNics = desired.absentNics.filter((nic) => !leaving.includes(nic))
    this.#found({ ...desired, absentNics }, leases)
    if (isTried && this.#parts.lacksNics(absentNics)) {
      return { isLoaded: false, expiresInMs: lookAgainMs }
    }
    const removals = await this.#converge(desired.host, signal)
    net.hold(desired.host.twins)
    // Packets must not wait for a program that does not start: its failure is told at the end.
    const served = await services.run(desired.host.services).then(
      () => null,
      (error: unknown) => ({ error }),
    )
    const connected = datapath()
    if (connected !== null) {
      await this.#parts.leaveSessions(config)
      await loader.load(connected, desired.program)
      await net.apply(removals, signal)
      await this.#parts.configureSessions(config, desired.uplinks, connected)
    }
    if (await appliance.finish(config, this.#outcome.leases)) this.#wantsPass = true
    if (served !== null) throw served.error
    const expiresInMs = Math.min(lookAgainMs, ...leases.map((lease) => lease.expiresInMs))
    return { isLoaded: connected !== null && leaving.length === 0, expiresInMs }
  }

  /** @returns what must wait until the datapath has let go */
  async #converge(want: HostState, signal: AbortSignal): Promise<readonly Step[]> {
    const { net, loader } = this.#parts
    for (let round = 0; round < mostRounds; round++) {
      const steps = diff(want, await net.read(want, signal))
      const changes = steps.filter((step) => !isRemoval(step))
      if (changes.length === 0) return steps
      // Before, so that whoever is killed in between loads when it is back.
      if (changes.some(({ kind }) => opensPort.has(kind))) await loader.forget()
      await net.apply(changes, signal)
    }
    throw new CausewayError('HOST_UNSETTLED', `the machine differs after ${mostRounds} rounds`, {
      detail: diff(want, await net.read(want, signal))
        .slice(0, 5)
        .map((step) => JSON.stringify(step).slice(0, 200))
        .join(', '),
    })
  }

  /** Told also when the pass fails after it. */
  #found({ absentNics, refusedLeases }: DesiredState, all: readonly LeaseFacts[]): void {
    for (const uplink of refusedLeases) {
      if (this.#outcome.refusedLeases.includes(uplink)) continue
      this.#parts.log.warn({ uplink }, 'lease refused: its network is one of those inside')
    }
    for (const nic of absentNics) {
      if (this.#outcome.absentNics.includes(nic)) continue
      this.#parts.log.warn({ detail: nic }, 'NIC missing')
    }
    const leases = all.filter(({ device }) => !refusedLeases.includes(device))
    this.#outcome = { ...this.#outcome, absentNics, leases, refusedLeases }
  }

  #again(pauseMs: number): void {
    this.#cancelPause()
    this.#cancelPause = this.#parts.clock.after(pauseMs, () => {
      this.#wantsPass = true
      this.#running ??= this.#run()
    })
  }
}

/** The system's own errors (they name a call) are coded here; what is left is a programmer's, and crashes. */
function operatingError(error: unknown): CausewayError {
  if (error instanceof CausewayError) return error
  if (!(error instanceof Error) || !('syscall' in error)) throw error
  return new CausewayError('HOST_SYSTEM', 'the system refused', {
    detail: error.message,
    cause: error,
  })
}

/** A port was made anew: the datapath still holds the old one, whatever its program says. */
const opensPort: ReadonlySet<Step['kind']> = new Set(['add-twin', 'replace-twin', 'move-nic'])
