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

/** Of QEMU's reasons to end, those after which the machine goes on. */
const resets: readonly unknown[] = ['guest-reset', 'host-qmp-system-reset']

export class Vm implements AsyncDisposable {
  readonly site: string
  readonly arch: Arch
  readonly serial: Serial
  readonly #options: VmOptions
  readonly #nics: readonly string[]
  #disk: Disk
  #variables: string | undefined
  /** Nobody has taken its power away. It may have switched itself off. */
  #hasPower = false
  /** The newest QEMU, and what it is told by, once it listens: it may have ended, and another be on its way. */
  #program: Program | undefined
  #qmp: Qmp | undefined
  /** Ends with why it is off, as QEMU names it, and fails when it could not be started anew. */
  #life: Promise<string | null> = Promise.resolve(null)
  #starts = 0
  #number: number
  /** Cables that are pulled, whatever machine stands there. */
  readonly #unplugged = new Set<string>()
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

  /** MAC addresses of its NICs, in the order in which they are on the bus. */
  get macs(): string[] {
    return this.#nics.map((_, index) => `52:54:00:ca:${hex(this.#number)}:${hex(index)}`)
  }

  /** Powers it on. @returns `performance.now()` of that. @throws LAB_PROGRAM */
  async start({ writeLog, disk, number }: StartOptions = {}): Promise<number> {
    if (disk !== undefined) this.#disk = disk
    if (number !== undefined) {
      this.#number = number & 0xff
      this.#variables = undefined
    }
    const startedMs = performance.now()
    this.#hasPower = true
    const first = this.#run(writeLog)
    this.#life = first.then((qmp) => this.#live(qmp))
    this.#life.catch(() => {})
    await first
    return startedMs
  }

  /** The power goes: nothing in the machine has time for anything. */
  async cutPower(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** As by the button, again and again: what runs in it is told, once somebody there listens, and ends it. @throws LAB_TIMEOUT, LAB_PROGRAM */
  async shutDown(timeoutMs: number): Promise<void> {
    // It may have been on its way, or between two QEMUs, when this comes.
    const press = (): void => void this.#tell('system_powerdown').catch(() => {})
    press()
    const pressing = setInterval(press, pressMs)
    const { promise: isLate, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      reject(this.#failure('LAB_TIMEOUT', `is still on after ${timeoutMs / 1000} s`))
    }, timeoutMs)
    const why = await Promise.race([this.#life, isLate]).finally(() => {
      clearInterval(pressing)
      clearTimeout(timer)
    })
    if (why !== 'guest-shutdown') throw this.#failure('LAB_PROGRAM', `has ended by ${why}`)
  }

  /** Where its processors are: of a machine that says nothing any more. */
  async whereabouts(): Promise<string> {
    const ask = { 'command-line': 'info registers -a' }
    const text = await this.#tell('human-monitor-command', ask).then(String, String)
    return text.match(/^(CPU#|RIP|EIP| PC).*$/gm)?.join('; ') ?? text
  }

  /** Plugs a cable of a NIC in, or pulls it: it stays so. @throws LAB_COMMAND between two QEMUs: it is so from the next on */
  async plug(nic: string, isPlugged: boolean): Promise<void> {
    if (isPlugged) this.#unplugged.delete(nic)
    else this.#unplugged.add(nic)
    await this.#tell('set_link', { name: this.#nameOf(nic), up: isPlugged })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGTERM')
  }

  /**
   * QEMU by QEMU, until it is off. A machine that restarts does so in a new one: the old keeps what it has translated of the guest over a
   * reset, and where the firmware's stack comes to lie on pages of such code, each push on it is looked up among all that. It stood for
   * 13 minutes so, and went on when what was translated was thrown away.
   */
  async #live(first: Qmp): Promise<string | null> {
    let qmp = first
    for (;;) {
      const why = await qmp.ended
      await this.#program!.exited
      this.#watch[Symbol.dispose]()
      if (!this.#hasPower) return why
      if (!resets.includes(why)) {
        if (why !== 'guest-shutdown') console.error(`  ${this.site}'s machine has ended by ${why}`)
        return why
      }
      try {
        qmp = await this.#run()
      } catch (error) {
        if (!this.#hasPower) return null
        // Whoever waits for what it says would not be told why it says nothing.
        console.error(`  ${(error as CausewayError).message}: ${(error as CausewayError).detail}`)
        throw error
      }
    }
  }

  /** @returns a QEMU that runs the machine. @throws LAB_PROGRAM */
  async #run(writeLog?: string): Promise<Qmp> {
    const { lab, disks, arch, memoryMiB, cores } = this.#options
    this.#variables ??= disks.variables(arch)
    const qmpSocket = `/run/causeway-lab/${lab.id}-${this.site}-${++this.#starts}.qmp`
    const { macs } = this
    const argv = qemuArgv({
      ...{ arch, memoryMiB, cores, variables: this.#variables, qmpSocket },
      blockdevs: blockdevsOf(this.#disk, writeLog),
      // A log of writes knows none (write-log.ts), and would begin anew.
      ...{ hasTrim: writeLog === undefined, endsAtReset: writeLog === undefined },
      nics: this.#nics.map((nic, index) => ({ tap: `tap-${nic}`, mac: macs[index]! })),
    })
    const program = lab.spawn(this.site, argv, {
      title: `${this.site}'s machine`,
      onLine: (line) => {
        this.#watch.hear(line)
        this.serial.take(line)
      },
    })
    this.#program = program
    this.#watch.begin()
    const ended = program.exited.then(() => Promise.reject(new Error('it has ended')))
    ended.catch(() => {})
    try {
      const qmp = await Promise.race([Qmp.open(qmpSocket, () => program.isRunning), ended])
      this.#qmp = qmp
      for (const nic of this.#unplugged)
        await qmp.execute('set_link', { name: this.#nameOf(nic), up: false })
      // Until here it stood still: nothing that it does goes unheard.
      await qmp.execute('cont')
      return qmp
    } catch (error) {
      this.#watch[Symbol.dispose]()
      await program.stop()
      throw this.#failure('LAB_PROGRAM', `does not start: ${(error as Error).message}`)
    }
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#hasPower = false
    await this.#program?.stop(signal, endMs)
    // Off it is, however that came; a start that failed was told.
    await this.#life.catch(() => {})
  }

  /** @throws LAB_COMMAND, also between two QEMUs; LAB_TIMEOUT */
  async #tell(command: string, parameters?: object): Promise<unknown> {
    return await this.#qmp!.execute(command, parameters)
  }

  #nameOf(nic: string): string {
    return nicName(this.#nics.indexOf(nic))
  }

  #failure(code: 'LAB_PROGRAM' | 'LAB_TIMEOUT', how: string): CausewayError {
    const detail = `${this.#program?.tail.slice(-2000)}`
    return new CausewayError(code, `${this.site}'s machine ${how}`, { detail })
  }

  async #press(): Promise<void> {
    try {
      const where = await this.whereabouts()
      console.error(`  ${this.site}'s machine is reset: its firmware stands at ${where}`)
      await this.#tell('system_reset')
    } catch (error) {
      // It has ended meanwhile.
      if (!(error instanceof CausewayError)) throw error
    }
  }
}

function hex(number: number): string {
  return number.toString(16).padStart(2, '0')
}
