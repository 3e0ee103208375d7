/**
 * A lab: sites, hosts and an internet in network namespaces of this machine, with Causeway's two processes at
 * each site. Whatever it made it removes: when disposed of, on SIGINT and SIGTERM, and, should its process be
 * killed, when the next lab opens. Two labs can run at once: every name ends in the lab's id.
 */
import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CausewayError } from '../../firmware/model/errors.ts'
import { startEmulated } from './access.ts'
import { writeBlankFiles } from './blank-files.ts'
import { attempt, type CommandOptions, type CommandResult, run } from './command.ts'
import { dhcpHints } from './controller-place.ts'
import type { LabDescription, SiteDescription } from './description.ts'
import { startDhcpServers } from './dhcp.ts'
import * as machine from './machine.ts'
import { type LabNames, namesOf, namespacesOf, netnsOf } from './names.ts'
import { buildNetwork } from './network.ts'
import { Program, type ProgramOptions } from './program.ts'
import { writeSiteFiles } from './site-files.ts'
import type { Wan } from './wan.ts'

/** A machine that does much else starts them slowly. */
const readyTimeoutMs = 30_000
const projectRoot = join(import.meta.dirname, '../..')
export const causeway = join(projectRoot, 'build/causeway')
const maxLogBytes = 16 * 1024 * 1024
/** Of this process: a signal ends all of them. */
const labs = new Set<Lab>()
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface LabOptions {
  /** Folder that receives what the sites' processes say, a file each, cut at 16 MiB; made if missing. */
  readonly logFolder?: string | undefined
}

/** The two processes of a running site. */
export interface SiteProcesses {
  readonly gateway: Program
  readonly datapath: Program
}

/** Root only. @throws LAB_RIGHTS, LAB_COMMAND, LAB_INVALID */
export async function openLab(description: LabDescription, options: LabOptions = {}): Promise<Lab> {
  if (process.getuid?.() !== 0) {
    throw new CausewayError(
      'LAB_RIGHTS',
      'the lab makes network namespaces and needs root: use sudo',
    )
  }
  // The start-once check gives the id, to be able to look for what bears it afterwards.
  const id = process.env.CAUSEWAY_LAB_ID ?? randomBytes(2).toString('hex')
  if (!/^[0-9a-z]{4}$/.test(id)) throw new CausewayError('LAB_INVALID', `'${id}' is no lab id`)
  const lab = new Lab(description, id, options)
  await lab.build()
  return lab
}

export class Lab implements AsyncDisposable {
  readonly id: string
  readonly description: LabDescription
  readonly names: LabNames
  /** Filled by `start`, by site. */
  readonly processes = new Map<string, SiteProcesses>()
  readonly #stopping = new AbortController()
  readonly #logFolder: string | undefined
  readonly #programs = new Set<Program>()
  readonly #onSignal = (signal: NodeJS.Signals): void => void this.#leave(signal)
  #wans: ReadonlyMap<string, Wan> = new Map()
  #record: machine.LabRecord
  #isRecorded = false
  #working: Promise<unknown> = Promise.resolve()
  #disposal: Promise<void> | undefined

  constructor(description: LabDescription, id: string, options: LabOptions) {
    this.description = description
    this.id = id
    this.names = namesOf(id)
    this.#logFolder = options.logFolder
    if (this.#logFolder !== undefined) mkdirSync(this.#logFolder, { recursive: true })
    const sites = description.sites.map(({ name }) => name)
    this.#record = {
      id,
      pid: process.pid,
      startTicks: machine.startTicksOf(process.pid)!,
      namespaces: [...namespacesOf(description, this.names), ...sites.map(this.names.nics)],
      instances: [...sites, 'controller'].map(this.names.instance),
      hugepages: 0,
      formerHugepages: 0,
    }
    for (const signal of signals) process.on(signal, this.#onSignal)
    labs.add(this)
  }

  /** Aborted as soon as the lab begins to go away. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  get sites(): readonly SiteDescription[] {
    return this.description.sites
  }

  /** `openLab` calls it once. */
  async build(): Promise<void> {
    try {
      await this.#work(async () => {
        await machine.withMachineLock(async () => {
          await machine.sweep()
          if (machine.readRecords().some(({ id }) => id === this.id)) {
            throw new CausewayError('LAB_INVALID', `a lab '${this.id}' is running`)
          }
          machine.writeRecord(this.#record)
          this.#isRecorded = true
        })
        await buildNetwork(this.description, this.names, this.stopping)
        this.stopping.throwIfAborted()
        this.#wans = await startEmulated(this.description, (argv) => this.spawn('wan', argv))
      })
    } catch (error) {
      await this[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts both processes at every site and waits until each says that it is ready.
   *  @throws LAB_HUGEPAGES, LAB_PROGRAM, LAB_TIMEOUT with what the process said last */
  async start(): Promise<void> {
    await this.#work(async () => {
      const own = this.sites.filter(({ isVm }) => isVm !== true)
      const pages = own.length * this.description.hugepagesPerSite
      await machine.withMachineLock(async () => {
        this.#record = machine.reserveHugepages(this.#record, pages)
      })
      const { controller } = this.description
      if (controller === undefined) writeSiteFiles(this.description, this.names)
      writeBlankFiles(this.description, this.names)
      this.stopping.throwIfAborted()
      const spawn = (where: string, argv: readonly string[]): Program => this.spawn(where, argv)
      await startDhcpServers(this.sites, spawn, dhcpHints(controller))
      await Promise.all(own.map(({ name }) => this.#startSite(name)))
    })
  }

  /** Runs a command in a box, a host (`berlin-host`) or the `internet`. @returns stdout */
  async exec(
    where: string,
    argv: readonly string[],
    options: CommandOptions = {},
  ): Promise<string> {
    return run(argv, { ...options, netns: this.netns(where) })
  }

  /** Like `exec`, for commands whose exit code is an answer. */
  async attempt(
    where: string,
    argv: readonly string[],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    return attempt(argv, { ...options, netns: this.netns(where) })
  }

  /** Starts a program in a box, a host or the internet; the lab stops it if nobody else does. */
  spawn(
    where: string,
    argv: readonly string[],
    options: Partial<Omit<ProgramOptions, 'netns' | 'argv'>> = {},
  ): Program {
    this.stopping.throwIfAborted()
    const title = options.title ?? `${where} ${argv[0]!.split('/').at(-1)}`
    // Programs of our own start sooner when their TypeScript has been stripped before.
    const env = { NODE_COMPILE_CACHE: join(projectRoot, '.cache/node'), ...options.env }
    const program = new Program({ ...options, env, title, netns: this.netns(where), argv })
    this.#programs.add(program)
    void program.exited.then(() => this.#programs.delete(program))
    return program
  }

  /** Namespace of a name used in this lab: `berlin`, `berlin-host`, `berlin-nics`, `internet`, `wan`; see names.ts. */
  netns(where: string): string {
    const netns = netnsOf(where, this.sites, this.names)
    if (netns !== undefined) return netns
    throw new CausewayError('LAB_INVALID', `there is no '${where}' in this lab`)
  }

  /** The emulated link of an uplink. */
  wan(site: string, uplink: string): Wan {
    const wans = this.sites.find(({ name }) => name === site)?.wans
    const link = wans?.find(({ name }) => name === uplink)?.link
    const wan = this.#wans.get(link ?? '')
    if (wan !== undefined) return wan
    throw new CausewayError('LAB_INVALID', `${site} has no emulated '${uplink}'`)
  }

  /** Where what a process says goes; null where it is not kept. */
  logFile(site: string, role: keyof SiteProcesses | 'controller'): string | null {
    return this.#logFolder === undefined
      ? null
      : join(this.#logFolder, `${this.id}-${site}-${role}.log`)
  }

  /** Stops everything and removes everything, once, however often it is called. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose()
    await this.#disposal
  }

  /** Starts a process of a site again after it has ended, and waits until it is ready. */
  async restart(site: string, role: keyof SiteProcesses): Promise<void> {
    const processes = this.processes.get(site)
    if (processes === undefined || processes[role].isRunning) {
      throw new CausewayError('LAB_INVALID', `there is no dead ${role} at '${site}'`)
    }
    const program = this.#startRole(site, role)
    this.processes.set(site, { ...processes, [role]: program })
    await ready(program, role)
  }

  async #startSite(site: string): Promise<void> {
    const datapath = this.#startRole(site, 'datapath')
    const gateway = this.#startRole(site, 'gateway')
    this.processes.set(site, { datapath, gateway })
    await Promise.all([ready(datapath, 'datapath'), ready(gateway, 'gateway')])
  }

  #startRole(site: string, role: keyof SiteProcesses): Program {
    const title = `${site} ${role}`
    const file = this.logFile(site, role)
    const instance = this.names.instance(site)
    const { datapathOptions } = this.description
    const more = (role === 'datapath' && datapathOptions?.[site]) || []
    return this.spawn(site, [causeway, role, '--instance', instance, ...more], {
      title,
      hasOwnSysfs: true,
      onLine: file === null ? undefined : appendTo(file),
    })
  }

  /** Keeps disposal away from work in progress, which looks at `stopping` between its steps. */
  async #work(task: () => Promise<void>): Promise<void> {
    this.stopping.throwIfAborted()
    const work = task()
    this.#working = work.catch(() => {})
    await work
  }

  async #dispose(): Promise<void> {
    this.#stopping.abort(new CausewayError('LAB_PROGRAM', 'the lab is going away'))
    const own = new Set([...this.processes.values()].flatMap((site) => Object.values(site)))
    const others = [...this.#programs].filter((program) => !own.has(program))
    await Promise.all(others.map((program) => program.stop('SIGTERM', 1_000)))
    for (const role of ['gateway', 'datapath'] as const) {
      const running = [...this.processes.values()].map((site) => site[role])
      await Promise.all(running.map((program) => program.stop()))
    }
    await this.#working
    await Promise.all([...this.#programs].map((program) => program.stop('SIGKILL')))
    // Without a record nothing was made, and what bears our names is of the lab that was there first.
    if (this.#isRecorded) {
      await machine.withMachineLock(() => machine.removeEverythingOf(this.#record))
    }
    for (const signal of signals) process.off(signal, this.#onSignal)
    labs.delete(this)
  }

  /** Ctrl-C under npm arrives twice: the second time there is nothing more to do than wait. */
  async #leave(signal: NodeJS.Signals): Promise<void> {
    if (this.stopping.aborted) return
    await Promise.all([...labs].map((lab) => lab[Symbol.asyncDispose]()))
    process.exit(signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 129)
  }
}

export async function ready(
  program: Program,
  role: keyof SiteProcesses | 'controller',
): Promise<void> {
  const text = `"${role} ready"`
  await program.line((line) => line.includes(text), readyTimeoutMs, text)
}

export function appendTo(file: string): (line: string) => void {
  let bytes = 0
  return (line) => {
    bytes += Buffer.byteLength(line) + 1
    if (bytes <= maxLogBytes) appendFileSync(file, `${line}\n`)
  }
}
