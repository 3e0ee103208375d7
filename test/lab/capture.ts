/**
 * Records the frames of one link with tcpdump: begins when the first frame can no longer be missed, ends when
 * the last one has been written, and says how many the kernel dropped instead of showing them.
 */
import { readFileSync, rmSync } from 'node:fs'
import type { Lab } from './lab.ts'
import { type Frame, parsePcap } from './pcap.ts'
import type { Program } from './program.ts'

const startTimeoutMs = 10_000
const bufferKib = 65_536
const settleLooks = 500

export interface Captured {
  readonly frames: readonly Frame[]
  /** Frames that passed but are not in `frames`; proves nothing unless it is 0. */
  readonly missed: number
}

export class Capture implements AsyncDisposable {
  readonly #program: Program
  readonly #file: string

  constructor(program: Program, file: string) {
    this.#program = program
    this.#file = file
  }

  /** Waits until what has passed is written: there the recording ends, what comes between that and tcpdump's
   *  own end is no part of it. */
  async finish(): Promise<Captured> {
    let end = await this.#account()
    for (let look = 1; look < settleLooks && end.captured !== end.received; look++) {
      end = await this.#account()
    }
    await this.#program.stop('SIGINT')
    const frames = parsePcap(readFileSync(this.#file))
    return { frames, missed: end.received - end.captured + end.dropped }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop('SIGINT')
    rmSync(this.#file, { force: true })
  }

  /** tcpdump tells its account on SIGUSR1, in a line or in three. */
  async #account(): Promise<Account> {
    const before = this.#program.tail.split('dropped by kernel').length
    let passed = 0
    const said = this.#program.line(
      (line) => line.includes('dropped by kernel') && ++passed >= before,
      startTimeoutMs,
    )
    this.#program.signal('SIGUSR1')
    await said
    return accountOf(this.#program.tail)
  }
}

interface Account {
  /** Written by tcpdump, seen by the kernel's filter, and lost for want of buffer. */
  readonly captured: number
  readonly received: number
  readonly dropped: number
}

/** The newest account in what tcpdump has said; NaN without one. */
function accountOf(said: string): Account {
  const last = (pattern: RegExp): number => Number([...said.matchAll(pattern)].at(-1)?.[1] ?? NaN)
  return {
    captured: last(/(\d+) packets? captured/g),
    received: last(/(\d+) packets? received by filter/g),
    dropped: last(/(\d+) packets? dropped by kernel/g),
  }
}

/** Starts recording an interface of a box, a host or the internet. The uplink of a site as the internet sees
 *  it is the interface with the site's name there. @param filter pcap-filter(7) */
export async function startCapture(
  lab: Lab,
  where: string,
  nic: string,
  filter = '',
): Promise<Capture> {
  const file = `/run/causeway-lab/${lab.id}-${where}-${nic}.pcap`
  const argv = [
    ...['tcpdump', '-i', nic, '-n', '-U', '--immediate-mode'],
    ...['-Z', 'root', '-B', String(bufferKib), '-w', file],
  ]
  const program = lab.spawn(where, [...argv, ...(filter === '' ? [] : [filter])])
  await program.line((line) => line.includes('listening on'), startTimeoutMs)
  return new Capture(program, file)
}
