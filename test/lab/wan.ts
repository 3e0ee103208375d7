/**
 * An emulated WAN link (native/test/wan.c): carries frames between two NICs of one namespace and does to them, in each
 * direction by itself, what it was told last. Everything random comes from its seed. Times are those of `nowNs`. It has
 * the machine's first attention: give it a rate where something sends as fast as it can.
 */
import { join } from 'node:path'
import { CausewayError } from '../../firmware/model/errors.ts'
import type { Program } from './program.ts'

const program = join(import.meta.dirname, '../../native/out/test/wan')
const answerTimeoutMs = 10_000
const startTimeoutMs = 10_000
const millionth = 1_000_000
const nsPerMs = 1_000_000

/** `up` is from the box to the internet. */
export type WanWay = 'up' | 'down'

/** What is left out stays as it is. At first, and after `clear`, a link is a wire. */
export interface WanSettings {
  readonly delayMs?: number
  /** Up to so much more delay, evenly spread. */
  readonly jitterMs?: number
  /** Jitter lets frames overtake each other; without, they keep their order. */
  readonly mayReorder?: boolean
  readonly lossPpm?: number
  /** Gilbert–Elliott; `lossPpm` is that of the bad state, all unless told. See `burstsOf`. */
  readonly bursts?: {
    readonly enterPpm: number
    readonly leavePpm: number
    readonly lossPpm?: number
  } | null
  /** So many are held back by so much, so that later ones overtake them. */
  readonly reorder?: { readonly ppm: number; readonly byMs: number } | null
  readonly duplicatePpm?: number
  /** Of frames with their Ethernet header; 0 is unlimited. */
  readonly rateBps?: number
  /** What may wait for the rate; 100 ms where neither is told, bytes where both are. */
  readonly queueMs?: number
  readonly queueBytes?: number
  /** Larger IP packets are dropped, silently unless `answersTooBig`; 0 is no limit. */
  readonly mtuBytes?: number
  /** ICMP's packet-too-big, for packets that may not be cut. */
  readonly answersTooBig?: boolean
  /** Nothing enters; what is on its way arrives. */
  readonly isCut?: boolean
  /** Up for so long in each period, then cut, beginning with the moment at which it is set. */
  readonly flap?: { readonly periodMs: number; readonly upMs: number } | null
}

/** Frames since the link was started, but `lateNs`. entered + doubled = left + inFlight + all that were lost, but `missed`. */
export interface WanCounters {
  readonly entered: number
  readonly enteredBytes: number
  readonly left: number
  readonly leftBytes: number
  readonly inFlight: number
  readonly doubled: number
  readonly reordered: number
  /** Packet-too-big said; each entered the other direction. */
  readonly answered: number
  readonly cut: number
  readonly tooLarge: number
  readonly burst: number
  readonly random: number
  readonly queue: number
  /** More on its way than there is room for. */
  readonly full: number
  /** Super-packets: offloads are on at the far end of a NIC. */
  readonly train: number
  /** By the NIC that they should leave by. */
  readonly refused: number
  /** Lost by the kernel before they entered. */
  readonly missed: number
  /** The longest that one was kept beyond its time, since the last reading: the link itself stood, for want of a processor. */
  readonly lateNs: number
}

export interface WanReading {
  readonly atNs: number
  readonly up: WanCounters
  readonly down: WanCounters
}

/** CLOCK_MONOTONIC, the clock of all of a machine's namespaces; exact to the microsecond for the first 100 days. */
export function nowNs(): number {
  return Number(process.hrtime.bigint())
}

/** Bursts of a mean length, such that this part of all frames is lost in them. */
export function burstsOf(lossPpm: number, meanFrames: number): NonNullable<WanSettings['bursts']> {
  const leave = millionth / meanFrames
  return {
    enterPpm: Math.round((leave * lossPpm) / (millionth - lossPpm)),
    leavePpm: Math.round(leave),
  }
}

/** Starts a link and waits until it carries. @param spawn in the namespace of the NICs; `up` is from the first one on */
export async function startWan(
  spawn: (argv: readonly string[]) => Program,
  seed: number,
  nics: readonly [string, string],
): Promise<Wan> {
  const running = spawn([program, String(seed), ...nics])
  await running.line((line) => line.includes('"ready"'), startTimeoutMs)
  return new Wan(running)
}

export class Wan {
  readonly #program: Program
  #orders = 0

  constructor(running: Program) {
    this.#program = running
  }

  get pid(): number {
    return this.#program.pid
  }

  /** @returns when it took effect: what came before has met the former settings. @throws LAB_INVALID */
  async set(way: WanWay | 'both', settings: WanSettings): Promise<number> {
    return (await this.#order(`set ${way} ${wordsOf(settings)}`)).atNs
  }

  /** A wire again, but for these settings. */
  async clear(way: WanWay | 'both' = 'both', settings: WanSettings = {}): Promise<number> {
    return (await this.#order(`set ${way} clear ${wordsOf(settings)}`)).atNs
  }

  async cut(way: WanWay | 'both' = 'both'): Promise<number> {
    return this.set(way, { isCut: true })
  }

  async mend(way: WanWay | 'both' = 'both'): Promise<number> {
    return this.set(way, { isCut: false, flap: null })
  }

  async read(): Promise<WanReading> {
    return (await this.#order('read')) as WanReading
  }

  async #order(words: string): Promise<{ readonly atNs: number }> {
    const id = ++this.#orders
    const isAnswer = (line: string): boolean => line.includes(`"id":${id},`)
    const answer = this.#program.line(isAnswer, answerTimeoutMs)
    this.#program.write(`${id} ${words}\n`)
    const said = JSON.parse(await answer) as { event: string; why?: string; atNs: number }
    if (said.event !== 'refused') return said
    throw new CausewayError('LAB_INVALID', `${this.#program.title} refuses ${said.why}`)
  }
}

function wordsOf(settings: WanSettings): string {
  const { bursts, reorder, flap } = settings
  const values: Record<string, number | boolean | undefined> = {
    delay_ns: ns(settings.delayMs),
    jitter_ns: ns(settings.jitterMs),
    is_unordered: settings.mayReorder,
    loss_ppm: settings.lossPpm,
    burst_enter_ppm: bursts === null ? 0 : bursts?.enterPpm,
    burst_leave_ppm: bursts === null ? 0 : bursts?.leavePpm,
    burst_loss_ppm: bursts === null ? 0 : bursts && (bursts.lossPpm ?? millionth),
    reorder_ppm: reorder === null ? 0 : reorder?.ppm,
    reorder_ns: ns(reorder === null ? 0 : reorder?.byMs),
    duplicate_ppm: settings.duplicatePpm,
    rate_bps: settings.rateBps,
    queue_ns: ns(settings.queueMs),
    queue_bytes: settings.queueBytes,
    mtu_bytes: settings.mtuBytes,
    is_answering: settings.answersTooBig,
    is_cut: settings.isCut,
    flap_ns: ns(flap === null ? 0 : flap?.periodMs),
    flap_up_ns: ns(flap === null ? 0 : flap?.upMs),
  }
  return Object.entries(values)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${Number(value)}`]))
    .join(' ')
}

function ns(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * nsPerMs)
}
