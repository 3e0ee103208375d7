/**
 * Watches the paths of a site for as long as one likes: how often one that was up went down, for what reasons, and how often
 * data left by another path than before. Looks several times a second; what happened between two looks shows in the age of a
 * path's state.
 */
import type { PathCounters } from '../../firmware/model/path-program.ts'
import { keyOf, type SitePaths } from './paths.ts'

const lookMs = 250
/** Fewer packets between two looks say nothing about where data goes. */
const leastPackets = 3

export interface Failovers {
  readonly looks: number
  /** `lisbon 0 203.0.113.2 silent`, a line for each time. */
  readonly failed: readonly string[]
  /** By peer. */
  readonly moves: ReadonlyMap<string, number>
}

export interface FailoverWatch extends AsyncDisposable {
  /** Stops looking. */
  finish(): Promise<Failovers>
}

/** @param paths is asked by nobody else meanwhile, and disposed of by who opened it */
export function watchFailovers(paths: SitePaths): FailoverWatch {
  const failed: string[] = []
  const moves = new Map<string, number>()
  const taken = new Map<string, string>()
  let before: ReadonlyMap<string, PathCounters> | undefined
  let looks = 0
  let isOver = false

  const look = async (): Promise<void> => {
    const now = new Map((await paths.read()).map((path) => [keyOf(path), path]))
    looks++
    for (const [key, path] of now) {
      if (hasFailed(before?.get(key), path)) failed.push(`${key} ${path.reason}`)
    }
    for (const [peer, key] of takenNow(before, now)) {
      if (taken.has(peer) && taken.get(peer) !== key) moves.set(peer, (moves.get(peer) ?? 0) + 1)
      taken.set(peer, key)
    }
    before = now
  }
  const watching = (async () => {
    while (!isOver) {
      await look()
      await new Promise((passed) => setTimeout(passed, lookMs))
    }
  })()
  // Told by `finish`, whenever that comes.
  watching.catch(() => {})
  return {
    finish: async () => {
      isOver = true
      await watching
      return { looks, failed, moves }
    },
    [Symbol.asyncDispose]: async () => {
      isOver = true
      await watching.catch(() => {})
    },
  }
}

/** It was up, and is not or was not meanwhile. */
function hasFailed(before: PathCounters | undefined, now: PathCounters): boolean {
  if (before === undefined || before.state !== 'up') return false
  return now.state !== 'up' || now.stateMs < before.stateMs
}

/** By peer, the path that most of its data took; without those who were sent next to nothing. */
function takenNow(
  before: ReadonlyMap<string, PathCounters> | undefined,
  now: ReadonlyMap<string, PathCounters>,
): ReadonlyMap<string, string> {
  const most = new Map<string, { readonly key: string; readonly by: number }>()
  for (const [key, { peer, txPackets }] of now) {
    const by = txPackets - (before?.get(key)?.txPackets ?? txPackets)
    if (by >= leastPackets && by > (most.get(peer)?.by ?? 0)) most.set(peer, { key, by })
  }
  return new Map([...most].map(([peer, { key }]) => [peer, key]))
}
