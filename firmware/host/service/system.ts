/**
 * The services as processes of the machine: dnsmasq for the LANs, busybox's udhcpc on an uplink. They outlive the
 * gateway process, as the datapath does; this one looks once a second whether they live, and starts what ended again,
 * with growing pauses. The datapath process must not import this (it never spawns a child).
 */
import { type FSWatcher, watch } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import type { LeaseFacts, ServiceState, ServiceStatus } from '../../model/service.ts'
import type { CancelTimer, Clock } from '../clock/clock.ts'
import { makePrivateFolder, readIfThere, removeFile, replaceFile } from '../system/file.ts'
import { leaseScript, readLease } from './lease.ts'
import { end, type Launch, launch, look } from './process.ts'
import type { Services } from './service.ts'

const lookMs = 1_000
const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** Longer than this, and the next end is a new story. */
const steadyMs = 60_000

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
  isRunning: boolean
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
      const { runFolder } = this.#parts
      await this.#endOthers(want)
      if (want.length > 0) {
        await makePrivateFolder(runFolder)
        await replaceFile(this.#script, leaseScript, 0o700)
        this.#watcher ??= this.#watch()
      }
      for (const state of want) {
        const known = this.#supervised.get(state.name)
        const isSame = known !== undefined && JSON.stringify(known.state) === JSON.stringify(state)
        if (!isSame) this.#supervised.set(state.name, this.#fresh(state))
        await this.#check(this.#supervised.get(state.name)!)
      }
      this.#lookLater()
    })
  }

  status(): ServiceStatus[] {
    return [...this.#supervised.values()].map(({ state, isRunning, restarts }) => ({
      name: state.name,
      isRunning,
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

  get #script(): string {
    return join(this.#parts.runFolder, 'udhcpc.sh')
  }

  #note(name: string): string {
    return join(this.#parts.runFolder, `${name}.json`)
  }

  #lease(name: string): string {
    return join(this.#parts.runFolder, `${name}.lease`)
  }

  #fresh(state: ServiceState): Supervised {
    const now = this.#parts.clock.nowMs()
    const none = { restarts: 0, isRunning: false, pauseMs: firstPauseMs }
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
      await removeFile(join(this.#parts.runFolder, `${name}.conf`))
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

  async #check(one: Supervised): Promise<void> {
    const { clock } = this.#parts
    const { state } = one
    const wanted = this.#launchOf(state)
    const found = await look(this.#note(state.name), wanted)
    const now = clock.nowMs()
    one.isRunning = found === 'as wanted'
    if (one.isRunning) {
      if (now - one.startedMs > steadyMs) one.pauseMs = firstPauseMs
      return
    }
    if (now < one.nextMs) return
    if (found === 'otherwise') await end(this.#note(state.name))
    if (state.config !== '') {
      await replaceFile(join(this.#parts.runFolder, `${state.name}.conf`), state.config)
    }
    await launch(this.#note(state.name), wanted)
    if (one.nextMs > one.startedMs) {
      one.restarts++
      this.#parts.onFault(state.name, new CausewayError('HOST_SYSTEM', 'it ended; started again'))
    }
    one.startedMs = now
    one.nextMs = now + one.pauseMs
    one.pauseMs = Math.min(2 * one.pauseMs, longestPauseMs)
    one.isRunning = true
  }

  #launchOf({ name, program, device, config }: ServiceState): Launch {
    const { runFolder, leaseFile } = this.#parts
    if (program === 'dnsmasq') {
      const conf = `--conf-file=${join(runFolder, `${name}.conf`)}`
      const rest = ['--keep-in-foreground', '--pid-file=', `--dhcp-leasefile=${leaseFile}`]
      return { argv: ['dnsmasq', conf, ...rest], env: {}, text: config }
    }
    const options = ['subnet', 'router', 'dns', 'lease'].flatMap((option) => ['-O', option])
    const asks = ['-f', '-o', ...options, '-t', '4', '-T', '2', '-A', '5']
    const argv = ['udhcpc', '-i', device, '-s', this.#script, ...asks]
    return { argv, env: { CAUSEWAY_LEASE: this.#lease(name) }, text: '' }
  }

  #watch(): FSWatcher {
    const watcher = watch(this.#parts.runFolder, { persistent: false }, (_event, file) => {
      if (file === null || file.endsWith('.lease')) for (const handler of this.#handlers) handler()
    })
    // A folder that vanishes is made anew by the next run.
    watcher.on('error', () => {})
    return watcher
  }

  #lookLater(): void {
    this.#cancel()
    if (this.#isClosed || this.#supervised.size === 0) return
    this.#cancel = this.#parts.clock.after(lookMs, () => {
      void this.#alone(async () => {
        for (const one of this.#supervised.values()) {
          if (this.#isClosed) return
          await this.#check(one).catch((error: unknown) =>
            this.#parts.onFault(one.state.name, error),
          )
        }
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
