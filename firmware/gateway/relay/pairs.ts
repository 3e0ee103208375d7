/** Which channels a relay has open, or is opening: by each end's name and number. Data; what is told of them is hub.ts's. */
import { mostChannels } from '../../model/traversal-program.ts'

export interface HubPeer {
  readonly name: string
  readonly wireKey: Uint8Array
}

/** One end of a channel, and by which number it goes there. */
export interface End {
  readonly peer: HubPeer
  readonly channel: number
}

export interface Pair {
  readonly ends: readonly [End, End]
  isOpen: boolean
}

export class Pairs {
  readonly #byEnd = new Map<string, Map<number, Pair>>()

  get isEmpty(): boolean {
    return this.#byEnd.size === 0
  }

  all(): ReadonlySet<Pair> {
    return new Set([...this.#byEnd.values()].flatMap((own) => [...own.values()]))
  }

  add(pair: Pair): void {
    for (const { peer, channel } of pair.ends) {
      if (!this.#byEnd.has(peer.name)) this.#byEnd.set(peer.name, new Map())
      this.#byEnd.get(peer.name)!.set(channel, pair)
    }
  }

  remove(pair: Pair): void {
    for (const { peer, channel } of pair.ends) {
      const own = this.#byEnd.get(peer.name)
      if (own?.get(channel) === pair) own.delete(channel)
      if (own?.size === 0) this.#byEnd.delete(peer.name)
    }
  }

  clear(): void {
    this.#byEnd.clear()
  }

  at(peer: string, channel: number): Pair | null {
    return this.#byEnd.get(peer)?.get(channel) ?? null
  }

  between(one: string, other: string): Pair | null {
    const own = [...(this.#byEnd.get(one)?.values() ?? [])]
    return own.find(({ ends }) => ends.some(({ peer }) => peer.name === other)) ?? null
  }

  isFull(peer: string): boolean {
    return (this.#byEnd.get(peer)?.size ?? 0) >= mostChannels
  }
}
