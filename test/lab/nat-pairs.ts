/**
 * How each pair of branches of a lab reaches each other, as both ends say, with times: pings between their hosts go on all the time,
 * so that all look for direct ways.
 */
import type { NatAnswer } from '../../firmware/model/local-api-nat.ts'
import type { PeerReach } from '../../firmware/model/local-api-reach.ts'
import { hostAddress } from './hosts.ts'
import type { Lab } from './lab.ts'
import { lookAt } from './status.ts'

const pingSeconds = 0.2

/** What one end says of the other. */
export interface PairEnd {
  readonly site: string
  /** Null: its gateway does not answer. */
  readonly reach: PeerReach | null
}

/** Times are since both gateways were ready. */
export interface PairLook {
  readonly ends: readonly [PairEnd, PairEnd]
  /** When the first ping had come back; null: none has. */
  readonly firstSeconds: number | null
  /** When both ends said for the first time that it is direct; null: never yet. */
  readonly directSeconds: number | null
  /** Of the last ping. */
  readonly rttMs: number | null
}

export interface NatLook {
  readonly pairs: readonly PairLook[]
  /** What stands before each branch, as far as it knows. */
  readonly nats: ReadonlyMap<string, readonly NatAnswer[]>
}

interface Watched {
  readonly one: string
  readonly other: string
  firstMs: number | null
  directMs: number | null
  rttMs: number | null
}

export class PairWatch {
  readonly #lab: Lab
  readonly #startedMs = performance.now()
  readonly #pairs: readonly Watched[]

  /** Of a lab that has just started. */
  constructor(lab: Lab) {
    this.#lab = lab
    const branches = lab.sites.filter(({ isHub }) => isHub !== true).map(({ name }) => name)
    this.#pairs = branches.flatMap((one, at) =>
      branches.slice(at + 1).map((other): Watched => {
        return { one, other, firstMs: null, directMs: null, rttMs: null }
      }),
    )
    for (const pair of this.#pairs) this.#ping(pair)
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000
  }

  async look(): Promise<NatLook> {
    const names = [...new Set(this.#pairs.flatMap(({ one, other }) => [one, other]))]
    const answers = await Promise.allSettled(names.map((name) => lookAt(this.#lab, name)))
    const found = new Map(
      names.map((name, at) => {
        const answer = answers[at]!
        return [name, answer.status === 'fulfilled' ? answer.value.status : null] as const
      }),
    )
    const reachOf = (site: string, peer: string): PeerReach | null =>
      found.get(site)?.peers.find(({ name }) => name === peer)?.reach ?? null
    const pairs = this.#pairs.map((pair): PairLook => {
      const { one, other } = pair
      const ends = [
        { site: one, reach: reachOf(one, other) },
        { site: other, reach: reachOf(other, one) },
      ] as const
      if (ends.every(({ reach }) => reach?.how === 'direct')) {
        const sinceMs = 1000 * Math.min(...ends.map(({ reach }) => reach!.seconds))
        pair.directMs ??= Math.max(0, performance.now() - this.#startedMs - sinceMs)
      }
      const { rttMs } = pair
      return {
        ends,
        firstSeconds: secondsOf(pair.firstMs),
        directSeconds: secondsOf(pair.directMs),
        rttMs,
      }
    })
    const nats = names.map((name) => {
      return [name, found.get(name)?.uplinks.flatMap(({ nat }) => nat) ?? []] as const
    })
    return { pairs, nats: new Map(nats) }
  }

  #ping(pair: Watched): void {
    const target = hostAddress(this.#lab, pair.other)
    const argv = ['ping', '-n', '-i', String(pingSeconds), target]
    this.#lab.spawn(`${pair.one}-host`, argv).onLine((line) => {
      const rtt = line.match(/ time=([\d.]+) ms/)?.[1]
      if (rtt === undefined) return
      pair.firstMs ??= performance.now() - this.#startedMs
      pair.rttMs = Number(rtt)
    })
  }
}

function secondsOf(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}
