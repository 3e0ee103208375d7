/**
 * How often something may happen: a bucket of tokens, and one for each of many sources. Pure: time is an argument, and
 * what counts as one source is the caller's word.
 */

export interface Rate {
  readonly perSecond: number
  /** At once, after a pause. */
  readonly burst: number
}

export interface Bucket {
  /** Whether it may happen now; then it counts. @param spare the part of the burst that is left for others, 0 to 1 */
  take(nowMs: number, spare?: number): boolean
  /** The part of the burst that is there, 0 to 1. */
  level(nowMs: number): number
}

export interface SourceBuckets {
  /** @param spare the part of the burst that is left for others, 0 to 1 */
  take(source: string, nowMs: number, spare?: number): boolean
  /** The part of the burst that is there, 0 to 1: all of it for a source that was never seen. */
  level(source: string, nowMs: number): number
}

/** Full at first. */
export function openBucket({ perSecond, burst }: Rate, openedAtMs: number): Bucket {
  let tokens = burst
  let atMs = openedAtMs
  const refill = (nowMs: number): void => {
    // A wall clock can be set back: nothing is owed for that.
    tokens = Math.min(burst, tokens + (Math.max(0, nowMs - atMs) / 1000) * perSecond)
    atMs = nowMs
  }
  return {
    take: (nowMs, spare = 0) => {
      refill(nowMs)
      if (tokens < 1 + spare * burst) return false
      tokens--
      return true
    },
    level: (nowMs) => {
      refill(nowMs)
      return tokens / burst
    },
  }
}

/** @param mostSources remembered at once; a new one takes the place of the one that was quiet for longest */
export function openSourceBuckets(rate: Rate, mostSources: number): SourceBuckets {
  const buckets = new Map<string, Bucket>()
  return {
    take: (source, nowMs, spare) => {
      const bucket = buckets.get(source) ?? openBucket(rate, nowMs)
      // Back to the end of the map, which thereby is in order of use.
      buckets.delete(source)
      if (buckets.size >= mostSources) buckets.delete(buckets.keys().next().value!)
      buckets.set(source, bucket)
      return bucket.take(nowMs, spare)
    },
    level: (source, nowMs) => buckets.get(source)?.level(nowMs) ?? 1,
  }
}
