/** The relays of a device, in the order of the configuration, and which of them have a session now. */
import { openSourceBuckets } from '../../plan/rate-limit.ts'
import type { Relay } from './relay-socket.ts'

/** None is heard that has news without end; three in a row are one that is told thrice. */
const newsRate = { perSecond: 0.05, burst: 4 }
const mostRelays = 1_024

export class Relays {
  #all: readonly Relay[] = []
  /** Of whatever peers: one may become a relay while its session goes on. */
  readonly #up = new Set<string>()
  readonly #news = openSourceBuckets(newsRate, mostRelays)

  configure(all: readonly Relay[]): void {
    this.#all = all
  }

  get all(): readonly Relay[] {
    return this.#all
  }

  get up(): ReadonlySet<string> {
    return this.#up
  }

  onUp(peer: string): void {
    this.#up.add(peer)
  }

  onDown(peer: string): void {
    this.#up.delete(peer)
  }

  has(name: string): boolean {
    return this.#all.some((relay) => relay.name === name)
  }

  /** Those with a session. */
  ready(): Relay[] {
    return this.#all.filter(({ name }) => this.#up.has(name))
  }

  /** Counts over those with a session, like the turns of a wish. */
  turnOf(relay: string): number {
    return Math.max(
      0,
      this.ready().findIndex(({ name }) => name === relay),
    )
  }

  mayHaveNews(relay: string, nowMs: number): boolean {
    return this.#news.take(relay, nowMs)
  }
}
