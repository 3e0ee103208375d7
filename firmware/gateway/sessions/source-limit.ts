/**
 * How many raw initiations one source may send: 20 a second, bursts of 5, counted per IPv4 address and IPv6 /64.
 * Diffie-Hellman costs a millisecond; this is what keeps one source from having all of them.
 * wire.md, "Denial of service".
 */
import type { Clock } from '../../host/clock/clock.ts'
import { ipBytes, isMappedIpv4 } from '../../wire/ip.ts'

const perSecond = 20
const burst = 5
/** Sources remembered at once; a new one takes the place of the one that was quiet for longest. */
const maxSources = 4_096

export interface SourceLimit {
  /** Whether this source may have one more initiation worked on now. */
  allows(address: string): boolean
}

export function openSourceLimit(clock: Clock): SourceLimit {
  const sources = new Map<string, { tokens: number; atMs: number }>()
  return {
    allows: (address) => {
      const nowMs = clock.nowMs()
      const key = sourceKey(address)
      const known = sources.get(key)
      // Back to the end of the map, which thereby is in order of use.
      sources.delete(key)
      if (sources.size >= maxSources) sources.delete(sources.keys().next().value!)
      const earned = known === undefined ? burst : ((nowMs - known.atMs) / 1_000) * perSecond
      const tokens = Math.min(burst, (known?.tokens ?? 0) + earned)
      const isAllowed = tokens >= 1
      sources.set(key, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs })
      return isAllowed
    },
  }
}

function sourceKey(address: string): string {
  const bytes = ipBytes(address)
  return bytes.subarray(0, isMappedIpv4(bytes) ? 16 : 8).toString('hex')
}
