/**
 * A clock for tests and simulations: time passes only when told to, timers run in order of their time and,
 * at the same time, in order of their setting.
 */
import type { CancelTimer, Clock } from './clock.ts'

export interface VirtualClock extends Clock {
  /** Lets time pass. After each timer all promises that can settle do so before the next one runs. */
  advance(ms: number): Promise<void>
  /** Timers that still wait: a leak shows here. */
  pending(): number
}

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export function virtualClock(startMs = 0): VirtualClock {
  let nowMs = startMs
  let order = 0
  const heap: Timer[] = []
  const cancelled = new Set<Timer>()

  const after = (delayMs: number, run: () => void): CancelTimer => {
    const timer: Timer = { atMs: nowMs + Math.max(0, delayMs), order: order++, run }
    push(heap, timer)
    let isOver = false
    waiting.add(timer)
    return () => {
      if (isOver) return
      isOver = true
      if (waiting.delete(timer)) cancelled.add(timer)
    }
  }
  const waiting = new Set<Timer>()

  const advance = async (ms: number): Promise<void> => {
    const endMs = nowMs + ms
    await settle()
    for (let timer = heap[0]; timer !== undefined && timer.atMs <= endMs; timer = heap[0]) {
      pop(heap)
      if (cancelled.delete(timer)) continue
      waiting.delete(timer)
      nowMs = Math.max(nowMs, timer.atMs)
      timer.run()
      await settle()
    }
    nowMs = endMs
  }
  return { nowMs: () => nowMs, after, advance, pending: () => waiting.size }
}

/** The microtask queue is empty whenever the event loop comes round to its check phase. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

function push(heap: Timer[], timer: Timer): void {
  let child = heap.push(timer) - 1
  while (child > 0) {
    const parent = (child - 1) >> 1
    if (!isBefore(timer, heap[parent]!)) break
    heap[child] = heap[parent]!
    child = parent
  }
  heap[child] = timer
}

function pop(heap: Timer[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  let parent = 0
  for (;;) {
    let child = 2 * parent + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
    if (!isBefore(heap[child]!, last)) break
    heap[parent] = heap[child]!
    parent = child
  }
  heap[parent] = last
}
