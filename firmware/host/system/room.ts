/** Whether there is room for what the box keeps: forwarding needs none, changes do. */
import { statfsSync } from 'node:fs'

const keptMs = 10_000
/** A change of the configuration takes less, with its entry of the history. */
const leastBytes = 4 * 1024 * 1024

/** @param folder on the disk in question @param nowMs a clock that never goes back @returns what is wrong, in words; null: nothing, or nobody knows */
export function openRoom(folder: string, nowMs: () => number): () => string | null {
  let askedMs = Number.NEGATIVE_INFINITY
  let problem: string | null = null
  return () => {
    if (nowMs() - askedMs < keptMs) return problem
    askedMs = nowMs()
    try {
      const { bavail, bfree, bsize } = statfsSync(folder)
      const hasReserve = bfree * bsize >= leastBytes
      const text = hasReserve ? 'changes take what is reserved for them' : 'changes may be refused'
      problem = bavail * bsize < leastBytes ? `the disk is full: ${text} until there is room` : null
    } catch {
      problem = null
    }
    return problem
  }
}
