/**
 * A virtual machine at a site of a lab: it stands in the namespace of the site's box, plugged into the same links by a bridge and a TAP
 * for each NIC. It can be started, have its power cut, and have its cables pulled. It goes with its lab.
 *
 *   host eth0 ══ eth0 [br-eth0] tap-eth0 ┤ QEMU ├ tap-eth1 [br-eth1] eth1 ══ berlin internet
 */
import { CausewayError } from '../../firmware/model/errors.ts'
import { appendTo, type Lab } from '../lab/lab.ts'
import { ip } from '../lab/network.ts'
import type { Program } from '../lab/program.ts'
import { blockdevsOf, type Disk, type Disks } from './disks.ts'
import { FirmwareWatch } from './firmware-watch.ts'
import { type Arch, nicName, qemuArgv } from './hardware.ts'
import { Qmp } from './qmp.ts'
import { Serial } from './serial.ts'

const endMs = 30_000
const pressMs = 20_000

export interface VmOptions {
  readonly lab: Lab
  readonly disks: Disks
  readonly site: string
  readonly arch: Arch
  readonly disk: Disk
  readonly memoryMiB: number
  readonly cores: number
  /** NICs of the site, in the order in which they are on the bus; those of its uplinks, then of its LANs, unless told. */
  readonly nics?: readonly string[]
  /** Folder that receives what it says. */
  readonly logFolder?: string | undefined
}

export interface StartOptions {
  /** A file for all that is written to its disk. */
  readonly writeLog?: string
  /** Another disk from now on. */
  readonly disk?: Disk
  /** Another machine from now on, at the same place: its MAC addresses, and its firmware's variables. */
  readonly number?: number
}

interface Running {
  readonly program: Program
  readonly qmp: Qmp
}

export class Vm implements AsyncDisposable {
  readonly site: string
  readonly arch: Arch
  readonly serial: Serial
  readonly #options: VmOptions
  readonly #nics: readonly string[]
  #disk: Disk
  #variables: string | undefined
  #running: Running | undefined
  #starts = 0
  #number: number
  readonly #watch = new FirmwareWatch(() => void this.#press())

  private constructor(options: VmOptions) {
    const { lab, site, arch, disk, logFolder } = options
    const { lans, wans } = lab.sites.find(({ name }) => name === site)!
    this.site = site
    this.arch = arch
    this.#options = options
    this.#number = 1 + lab.sites.findIndex(({ name }) => name === site)
    this.#disk = disk
    this.#nics = options.nics ?? [...wans, ...lans].map(({ nic }) => nic)
    const keep = logFolder === undefined ? [] : [appendTo(`${logFolder}/${lab.id}-${site}.log`)]
    this.serial = new Serial(`${site}'s machine`, keep[0])
  }

  /** Plugged in, and off. */
  static async open(options: VmOptions): Promise<Vm> {
    const vm = new Vm(options)
    await ip(
      options.lab.netns(options.site),
      vm.#nics.flatMap((nic) => [
        `link add br-${nic} type bridge forward_delay 0 mcast_snooping 0`,
        `tuntap add dev tap-${nic} mode tap`,
        ...[nic, `tap-${nic}`].map((port) => `link set ${port} master br-${nic} up`),
        `link set br-${nic} up`,
      ]),
    )
    return vm
  }

  get disk(): Disk {
    return this.#disk
  }

  get isRunning(): boolean {
    return this.#running?.program.isRunning === true
  }

  /** MAC addresses of its NICs, in the order in which they are on the bus. */
  get macs(): string[] {
    return this.#nics.map((_, index) => `52:54:00:ca:${hex(this.#number)}:${hex(index)}`)
  }

  /** Powers it on. @returns `performance.now()` of that */
  async start({ writeLog, disk, number }: StartOptions = {}): Promise<number> {
    const { lab, disks, arch, memoryMiB, cores } = this.#options
    if (disk !== undefined) this.#disk = disk
    if (number !== undefined) {
      this.#number = number & 0xff
      this.#variables = undefined
    }
    this.#variables ??= disks.variables(arch)
    const qmpSocket = `/run/causeway-lab/${lab.id}-${this.site}-${++this.#starts}.qmp`
    const { macs } = this
    const argv = qemuArgv({
      ...{ arch, memoryMiB, cores, variables: this.#variables, qmpSocket },
      blockdevs: blockdevsOf(this.#disk, writeLog),
      // A log of writes knows none (write-log.ts).
      hasTrim: writeLog === undefined,
      nics: this.#nics.map((nic, index) => ({ tap: `tap-${nic}`, mac: macs[index]! })),
    })
    const startedMs = performance.now()
    const program = lab.spawn(this.site, argv, {
      title: `${this.site}'s machine`,
      onLine: (line) => {
        this.#watch.hear(line)
        this.serial.take(line)
      },
    })
    const ended = program.exited.then(() => Promise.reject(new Error('it has ended')))
    ended.catch(() => {})
    const qmp = await Promise.race([Qmp.open(qmpSocket), ended]).catch(async (error: Error) => {
      await program.stop()
      const detail = `${error.message}\n${program.tail.slice(-2000)}`
      throw new CausewayError('LAB_PROGRAM', `${this.site}'s machine does not start`, { detail })
    })
    this.#running = { program, qmp }
    this.#watch.begin()
    return startedMs
  }

  /** The power goes: nothing in the machine has time for anything. */
  async cutPower(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    this.#watch[Symbol.dispose]()
    this.#running = undefined
    running.qmp[Symbol.dispose]()
    await running.program.stop('SIGKILL')
  }

  /** As by the button, again and again: what runs in it is told, once somebody there listens, and ends it. @throws LAB_TIMEOUT */
  async shutDown(timeoutMs: number): Promise<void> {
    const { program, qmp } = this.#running!
    await qmp.execute('system_powerdown')
    // It may have been on its way when this comes.
    const press = (): void => void qmp.execute('system_powerdown').catch(() => {})
    const pressing = setInterval(press, pressMs)
    await program.ended(timeoutMs).finally(() => clearInterval(pressing))
    this.#watch[Symbol.dispose]()
    this.#running = undefined
    qmp[Symbol.dispose]()
  }

  /** Where its processors are: of a machine that says nothing any more. */
  async whereabouts(): Promise<string> {
    const ask = { 'command-line': 'info registers -a' }
    const text = String(await this.#running?.qmp.execute('human-monitor-command', ask))
    return text.match(/^(CPU#|RIP|EIP| PC).*$/gm)?.join('; ') ?? text
  }

  /** Stands still, and goes on. */
  async pause(): Promise<void> {
    await this.#running!.qmp.execute('stop')
  }

  async goOn(): Promise<void> {
    await this.#running!.qmp.execute('cont')
  }

  /** Plugs a cable of a NIC in, or pulls it. */
  async plug(nic: string, isPlugged: boolean): Promise<void> {
    const name = nicName(this.#nics.indexOf(nic))
    await this.#running!.qmp.execute('set_link', { name, up: isPlugged })
  }

  /** Types a line at the serial console. */
  type(line: string): void {
    this.#running!.program.write(`${line}\r`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]()
    const running = this.#running
    this.#running = undefined
    running?.qmp[Symbol.dispose]()
    await running?.program.stop('SIGTERM', endMs)
  }

  async #press(): Promise<void> {
    const { qmp } = this.#running!
    try {
      const where = await this.whereabouts()
      console.error(`  ${this.site}'s machine is reset: its firmware stands at ${where}`)
      await qmp.execute('system_reset')
    } catch (error) {
      // It has ended meanwhile.
      if (!(error instanceof CausewayError)) throw error
    }
  }
}

function hex(number: number): string {
  return number.toString(16).padStart(2, '0')
}
