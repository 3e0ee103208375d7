/** The peers to whom channels may be wanted, by name and by key. */
import { type ChannelPeer, isSameKey, newWish, type Wish } from './wish.ts'

export class Wishes {
  readonly #byName = new Map<string, Wish>()

  /** @returns those that are gone, or have another key and thereby are others */
  configure(peers: readonly ChannelPeer[]): Wish[] {
    const staying = new Map(peers.map((peer) => [peer.name, peer]))
    const gone = this.all().filter(({ peer: { name, wireKey } }) => {
      const peer = staying.get(name)
      return peer === undefined || !isSameKey(peer.wireKey, wireKey)
    })
    for (const { peer } of gone) this.#byName.delete(peer.name)
    for (const peer of peers) {
      if (!this.#byName.has(peer.name)) this.#byName.set(peer.name, newWish(peer))
    }
    return gone
  }

  all(): Wish[] {
    return [...this.#byName.values()]
  }

  get(name: string): Wish | undefined {
    return this.#byName.get(name)
  }

  withKey(wireKey: Uint8Array): Wish | undefined {
    return this.all().find(({ peer }) => isSameKey(peer.wireKey, wireKey))
  }

  get size(): number {
    return this.#byName.size
  }

  clear(): void {
    this.#byName.clear()
  }
}
