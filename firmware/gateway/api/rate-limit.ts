/** So many questions a second for each source: a bucket of tokens each, for a bounded number of sources. */
import type { Clock } from '../../host/clock/clock.ts'

const perSecond = 5
const burst = 20
const mostSources = 256

interface Bucket {
  tokens: number
  atMs: number
}

/** @returns whether a question from there may be answered now */
export function openRateLimit(clock: Pick<Clock, 'nowMs'>): (source: string) => boolean {
  const buckets = new Map<string, Bucket>()
  return (source) => {
    const nowMs = clock.nowMs()
    const bucket = buckets.get(source) ?? { tokens: burst, atMs: nowMs }
    const filled = bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1000
    bucket.tokens = Math.min(burst, filled)
    bucket.atMs = nowMs
    // The one asked for last is the last to be forgotten.
    buckets.delete(source)
    buckets.set(source, bucket)
    if (buckets.size > mostSources) buckets.delete(buckets.keys().next().value!)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }
}
