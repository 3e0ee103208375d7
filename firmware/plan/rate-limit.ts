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
  /** Whether it may happen now; then it counts. */
  take(nowMs: number): boolean
}

export interface SourceBuckets {
  take(source: string, nowMs: number): boolean
}

/** Full at first. */
export function openBucket({ perSecond, burst }: Rate, openedAtMs: number): Bucket {
  let tokens = burst
  let atMs = openedAtMs
  return {
    take: (nowMs) => {
      // A wall clock can be set back: nothing is owed for that.
      tokens = Math.min(burst, tokens + (Math.max(0, nowMs - atMs) / 1000) * perSecond)
      atMs = nowMs
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}

/** @param mostSources remembered at once; a new one takes the place of the one that was quiet for longest */
export function openSourceBuckets(rate: Rate, mostSources: number): SourceBuckets {
  const buckets = new Map<string, Bucket>()
  return {
    take: (source, nowMs) => {
      const bucket = buckets.get(source) ?? openBucket(rate, nowMs)
      // Back to the end of the map, which thereby is in order of use.
      buckets.delete(source)
      if (buckets.size >= mostSources) buckets.delete(buckets.keys().next().value!)
      buckets.set(source, bucket)
      return bucket.take(nowMs)
    },
  }
}
