/**
 * The services as processes of the machine: dnsmasq for the LANs, busybox's udhcpc on an uplink. They outlive the
 * gateway process, as the datapath does; this one looks once a second whether they live, and starts what ended again,
 * with growing pauses. The datapath process must not import this (it never spawns a child).
 */
import { existsSync, type FSWatcher, watch } from 'node:fs'
import { readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import type { LeaseFacts, ServiceState, ServiceStatus } from '../../model/service.ts'
import type { CancelTimer, Clock } from '../clock/clock.ts'
import { run } from '../system/command.ts'
import { makePrivateFolder, readIfThere, removeFile, replaceFile } from '../system/file.ts'
import { leaseScriptPath, readLease } from './lease.ts'
import { end, type Launch, launch, look, tell } from './process.ts'
import type { Services } from './service.ts'

const lookMs = 1_000
const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** Longer than this, and the next end is a new story. */
const steadyMs = 60_000
/** So many starts without a steady time in between, and it does not stay up. */
const unsteadyStarts = 3

export interface ServiceParts {
  readonly clock: Clock
  /** Notes, configurations and leases; a reboot removes them. */
  readonly runFolder: string
  /** Where dnsmasq remembers what it lent. */
  readonly leaseFile: string
  /** Told of the start or end of a service that nobody asked for. */
  readonly onFault: (service: string, error: unknown) => void
}

interface Supervised {
  readonly state: ServiceState
  restarts: number
  /** Since it was last steady. */
  starts: number
  isRunning: boolean
  /** Why it could not be started the last time. */
  failure: unknown
  pauseMs: number
  /** Not before. */
  nextMs: number
  startedMs: number
}

export function openServices(parts: ServiceParts): Services {
  return new SystemServices(parts)
}

class SystemServices implements Services {
  readonly #parts: ServiceParts
  readonly #supervised = new Map<string, Supervised>()
  readonly #handlers: (() => void)[] = []
  #working: Promise<unknown> = Promise.resolve()
  #cancel: CancelTimer = () => {}
  #watcher: FSWatcher | null = null
  #isClosed = false

  constructor(parts: ServiceParts) {
    this.#parts = parts
  }

  run(want: readonly ServiceState[]): Promise<void> {
    return this.#alone(async () => {
      try {
        await this.#endOthers(want)
        for (const state of want) {
          const known = this.#supervised.get(state.name)
          const isSame =
            known !== undefined && JSON.stringify(known.state) === JSON.stringify(state)
          if (!isSame) this.#supervised.set(state.name, this.#fresh(state))
        }
        await this.#checkAll()
      } finally {
        this.#lookLater()
      }
      const failed = [...this.#supervised.values()].find(({ failure }) => failure !== null)
      if (failed !== undefined) throw failed.failure
    })
  }

  status(): ServiceStatus[] {
    return [...this.#supervised.values()].map(({ state, isRunning, starts, restarts }) => ({
      name: state.name,
      isSteady: isRunning && starts < unsteadyStarts,
      restarts,
    }))
  }

  async leases(): Promise<LeaseFacts[]> {
    const [up = '0'] = (await readFile('/proc/uptime', 'utf8')).split(' ')
    const found: LeaseFacts[] = []
    // Also those of clients that a gateway before this one started.
    for (const file of await this.#files('.lease')) {
      const device = /^udhcpc-(.+)\.lease$/.exec(file)?.[1]
      const text = await readIfThere(join(this.#parts.runFolder, file))
      if (device === undefined || text === null) continue
      const lease = readLease(device, text, Number(up) * 1000)
      if (lease !== null) found.push(lease)
    }
    return found
  }

  renew(device: string): Promise<void> {
    return this.#alone(() => tell(this.#note(`udhcpc-${device}`), 'SIGUSR1'))
  }

  onLease(handler: () => void): void {
    this.#handlers.push(handler)
  }

  /** The services go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    this.#watcher?.close()
    await this.#working
  }

  #note(name: string): string {
    return join(this.#parts.runFolder, `${name}.json`)
  }

  #lease(name: string): string {
    return join(this.#parts.runFolder, `${name}.lease`)
  }

  #conf(name: string): string {
    return join(this.#parts.runFolder, `${name}.conf`)
  }

  #fresh(state: ServiceState): Supervised {
    const now = this.#parts.clock.nowMs()
    const none = { restarts: 0, starts: 0, isRunning: false, failure: null, pauseMs: firstPauseMs }
    return { state, ...none, nextMs: now, startedMs: now }
  }

  /** What runs by a note of ours and is not wanted, whichever gateway started it. */
  async #endOthers(want: readonly ServiceState[]): Promise<void> {
    const wanted = new Set(want.map(({ name }) => name))
    for (const file of await this.#files('.json')) {
      const name = file.slice(0, -'.json'.length)
      if (wanted.has(name)) continue
      await end(this.#note(name))
      await removeFile(this.#lease(name))
      await removeFile(this.#conf(name))
    }
    for (const name of this.#supervised.keys()) if (!wanted.has(name)) this.#supervised.delete(name)
  }

  /** Files of this ending in the folder; none without it. */
  async #files(ending: string): Promise<string[]> {
    try {
      const files = await readdir(this.#parts.runFolder)
      return files.filter((file) => file.endsWith(ending)).toSorted()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  /** Each by itself: one that cannot start keeps no other from it. */
  async #checkAll(): Promise<void> {
    const { runFolder, onFault } = this.#parts
    if (this.#supervised.size > 0 && existsSync(runFolder)) this.#watcher ??= this.#watch()
    for (const one of this.#supervised.values()) {
      if (this.#isClosed) return
      try {
        await this.#check(one)
      } catch (error) {
        one.failure = error
        onFault(one.state.name, error)
      }
    }
  }

  async #check(one: Supervised): Promise<void> {
    const { clock } = this.#parts
    const { state } = one
    const wanted = this.#launchOf(state)
    const found = await look(this.#note(state.name), wanted)
    const now = clock.nowMs()
    one.isRunning = found === 'as wanted'
    if (one.isRunning) {
      one.failure = null
      if (now - one.startedMs <= steadyMs) return
      one.pauseMs = firstPauseMs
      one.starts = 0
      return
    }
    if (now < one.nextMs) return
    // Before anything that can fail, so that a failure is repeated with growing pauses too.
    one.startedMs = now
    one.nextMs = now + one.pauseMs
    one.pauseMs = Math.min(2 * one.pauseMs, longestPauseMs)
    const isAgain = one.starts > 0 && one.failure === null
    one.starts++
    await this.#start(state, wanted, found === 'otherwise')
    one.isRunning = true
    one.failure = null
    if (!isAgain) return
    one.restarts++
    this.#parts.onFault(state.name, new CausewayError('HOST_SYSTEM', 'it ended; started again'))
  }

  /** @param isOther what ran by this name, or is noted, was something else */
  async #start(
    { name, program, config }: ServiceState,
    wanted: Launch,
    isOther: boolean,
  ): Promise<void> {
    await makePrivateFolder(this.#parts.runFolder)
    this.#watcher ??= this.#watch()
    if (program === 'dnsmasq') await this.#writeConf(name, config)
    if (isOther) {
      await end(this.#note(name))
      // What another network lent, or another MAC was lent.
      await removeFile(this.#lease(name))
    }
    await launch(this.#note(name), wanted)
  }

  /** What dnsmasq refuses replaces nothing. @throws HOST_SYSTEM */
  async #writeConf(name: string, config: string): Promise<void> {
    const beside = `${this.#conf(name)}.new`
    await replaceFile(beside, config)
    try {
      await testConf(beside)
      await rename(beside, this.#conf(name))
    } finally {
      await removeFile(beside)
    }
  }

  #launchOf({ name, program, device, config }: ServiceState): Launch {
    const { leaseFile } = this.#parts
    if (program === 'dnsmasq') {
      const conf = `--conf-file=${this.#conf(name)}`
      const rest = ['--keep-in-foreground', '--pid-file=', `--dhcp-leasefile=${leaseFile}`]
      return { argv: ['dnsmasq', conf, ...rest], env: {}, text: config }
    }
    const options = ['subnet', 'router', 'dns', 'lease', '143'].flatMap((option) => ['-O', option])
    const asks = ['-f', '-o', ...options, '-t', '4', '-T', '2', '-A', '5']
    const argv = ['udhcpc', '-i', device, '-s', leaseScriptPath, ...asks]
    return { argv, env: { CAUSEWAY_LEASE: this.#lease(name) }, text: config }
  }

  #watch(): FSWatcher {
    const watcher = watch(this.#parts.runFolder, { persistent: false }, (_event, file) => {
      if (file === null || file.endsWith('.lease')) for (const handler of this.#handlers) handler()
    })
    // The next look watches anew.
    watcher.on('error', () => {
      watcher.close()
      if (this.#watcher === watcher) this.#watcher = null
    })
    return watcher
  }

  #lookLater(): void {
    this.#cancel()
    if (this.#isClosed || this.#supervised.size === 0) return
    this.#cancel = this.#parts.clock.after(lookMs, () => {
      void this.#alone(async () => {
        await this.#checkAll()
        this.#lookLater()
      })
    })
  }

  /** One at a time. */
  #alone(task: () => Promise<void>): Promise<void> {
    const done = this.#working.then(task)
    this.#working = done.catch(() => {})
    return done
  }
}

async function testConf(path: string): Promise<void> {
  try {
    await run(['dnsmasq', '--test', `--conf-file=${path}`])
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    const { detail = error.message } = error
    throw new CausewayError('HOST_SYSTEM', 'dnsmasq refuses its configuration', { detail })
  }
}
