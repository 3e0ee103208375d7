/**
 * A hub and two branches behind NATs, each from fresh sessions: how long until a first packet has passed, how long until packets
 * pass without the hub, and what was tried for that. All of it is seen from outside: pings of hosts, the internet's counters.
 * Two zeros of time, both told: all is counted from when the last gateway said that it is ready; a first packet also from when
 * the last process was started, which is what who switches a box on waits for, and has the start of six processes in it.
 */
import type { LabDescription } from '../../lab/description.ts'
import { hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { setSysctls } from '../../lab/network.ts'
import type { Program } from '../../lab/program.ts'
import { waitFor } from '../../lab/until.ts'
import { type Crossings, watchCrossings } from './crossings.ts'

const pingEveryMs = 100
/** A host asks so often who its router is, lest the patience of its ARP be measured. */
const arpMs = 50
/** So much data each way is no coincidence. */
const leastData = 3

export interface Scene extends AsyncDisposable {
  readonly lab: Lab
  readonly crossings: () => Promise<Crossings>
  /** When the last of all processes was started, and when the last gateway was ready, as `performance.now` has it. */
  readonly startedMs: number
  readonly readyMs: number
  /** Pings from left's host to right's, from before anything was started. */
  readonly pings: Pings
}

export interface SceneOptions {
  /** Called when the network is there, and nothing of Causeway yet. */
  readonly onBuilt?: (lab: Lab) => Promise<void>
}

export async function openScene(
  description: LabDescription,
  options: SceneOptions = {},
): Promise<Scene> {
  const lab = await openLab(description)
  try {
    await options.onBuilt?.(lab)
    const crossings = await watchCrossings(lab)
    await setSysctls(lab.netns('left-host'), { 'ipv4/neigh/eth0/retrans_time_ms': arpMs })
    const pings = startPings(lab)
    await lab.start()
    const readyMs = performance.now()
    const processes = [...lab.processes.values()].flatMap((site) => Object.values(site))
    const startedMs = Math.max(...processes.map((one) => one.startedMs))
    const dispose = () => lab[Symbol.asyncDispose]()
    return { lab, crossings, startedMs, readyMs, pings, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await lab[Symbol.asyncDispose]()
    throw error
  }
}

/** Pings that go on until their program is stopped. */
export interface Pings {
  readonly beganMs: number
  readonly program: Program
  /** When the answers came, as `performance.now` has it. */
  readonly answeredMs: readonly number[]
}

export function startPings(lab: Lab, from = 'left', to = 'right'): Pings {
  const interval = String(pingEveryMs / 1_000)
  const argv = ['ping', '-n', '-O', '-i', interval, hostAddress(lab, to)]
  const answeredMs: number[] = []
  const beganMs = performance.now()
  const program = lab.spawn(`${from}-host`, argv)
  program.onLine((line) => {
    if (line.includes(' time=')) answeredMs.push(performance.now())
  })
  return { beganMs, program, answeredMs }
}

/** When the first answer came, from when the last gateway was ready, or before; null when none came in time. */
export async function firstAnswer(
  { pings, readyMs }: Scene,
  withinMs: number,
): Promise<number | null> {
  const at = await waitFor(async () => pings.answeredMs[0] ?? null, readyMs + withinMs)
  return at === null ? null : at - readyMs
}

export interface Direct {
  /** Since the last gateway was ready. */
  readonly ms: number
  /** What had been sent between the branches by then. */
  readonly tried: Crossings
}

/** Waits until data crosses both ways without the hub; null when it does not by then. */
export async function awaitDirect(
  { crossings, readyMs }: Scene,
  withinMs: number,
): Promise<Direct | null> {
  const before = await crossings()
  const grew = (now: Crossings): boolean =>
    (['left', 'right'] as const).every((way) => now[way].data - before[way].data >= leastData)
  return await waitFor(async () => {
    const tried = await crossings()
    return grew(tried) ? { ms: performance.now() - readyMs, tried } : null
  }, readyMs + withinMs)
}
