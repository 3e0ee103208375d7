/**
 * A hub and two branches behind NATs, each from fresh sessions: how long until a first packet has passed, how long until packets
 * pass without the hub, and what was tried for that. All of it is seen from outside: pings of hosts, the internet's counters.
 */
import type { LabDescription } from '../../lab/description.ts'
import { hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import type { Program } from '../../lab/program.ts'
import { type Crossings, watchCrossings } from './crossings.ts'

const pingEveryMs = 100
const lookMs = 20
/** So much data each way is no coincidence. */
const leastData = 3

export interface Scene extends AsyncDisposable {
  readonly lab: Lab
  readonly crossings: () => Promise<Crossings>
  /** Pings from left's host to right's, from when both gateways are ready. */
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
    await lab.start()
    const pings = startPings(lab)
    return { lab, crossings, pings, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() }
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

/** How long it took until the first answer; null when none came in time. */
export async function firstAnswer({ pings }: Scene, withinMs: number): Promise<number | null> {
  const at = await waitFor(async () => pings.answeredMs[0] ?? null, pings.beganMs + withinMs)
  return at === null ? null : at - pings.beganMs
}

export interface Direct {
  /** Since the first ping was sent. */
  readonly ms: number
  /** What had been sent between the branches by then. */
  readonly tried: Crossings
}

/** Waits until data crosses both ways without the hub; null when it does not by then. */
export async function awaitDirect(
  { crossings, pings }: Pick<Scene, 'crossings' | 'pings'>,
  withinMs: number,
): Promise<Direct | null> {
  const before = await crossings()
  const grew = (now: Crossings): boolean =>
    (['left', 'right'] as const).every((way) => now[way].data - before[way].data >= leastData)
  return await waitFor(async () => {
    const tried = await crossings()
    return grew(tried) ? { ms: performance.now() - pings.beganMs, tried } : null
  }, pings.beganMs + withinMs)
}

/** Looks until there is something, or it is too late. */
export async function waitFor<Result>(
  look: () => Promise<Result | null>,
  untilMs: number,
): Promise<Result | null> {
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (performance.now() > untilMs) return null
    await new Promise((passed) => setTimeout(passed, lookMs))
  }
}
