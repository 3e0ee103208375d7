/**
 * What is published for each box, so that it need not be read again: read once, and followed by a watch from then on. What is told
 * while it is read counts behind what was read.
 */
import { entriesBelow } from '../host/store/entries-below.ts'
import type { Change, Store } from '../host/store/store.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { publishedKey } from './keys.ts'
import type { PublishedBook, PublishedConfig } from './published.ts'

export interface LedgerEntry {
  /** Of the entry in the store. */
  readonly entry: number
  readonly published: PublishedConfig
  /** What it was made of, where that was here. */
  readonly planned: DeviceConfig | null
}

interface Told {
  /** Null: it is gone. */
  readonly value: string | null
  readonly revision: number
}

export class Ledger {
  /** Canonical texts of parts of configurations that come again. */
  readonly texts = new WeakMap<object, string>()
  readonly #store: Store
  readonly #book: PublishedBook
  /** Null: to be read. */
  #entries: Map<string, LedgerEntry> | null = null
  /** By box, what was told last while it is read; null: nobody reads it, or it is to be read anew. */
  #missed: Map<string, Told> | null = null

  constructor(store: Store, book: PublishedBook) {
    this.#store = store
    this.#book = book
  }

  /** By box. The same map until it is forgotten. @throws STORE_ errors */
  async read(): Promise<Map<string, LedgerEntry>> {
    while (this.#entries === null) {
      const missed = new Map<string, Told>()
      this.#missed = missed
      const entries = await this.#readAll()
      // Forgotten meanwhile: what the watch has not told is in neither.
      if (this.#missed !== missed) continue
      for (const [deviceId, told] of missed) this.#take(entries, deviceId, told)
      this.#missed = null
      this.#entries = entries
    }
    return this.#entries
  }

  /** Somebody else took away what was published for a box, or published above it. @param revision of the commit */
  follow({ key, value }: Change, revision: number): void {
    if (!key.startsWith(publishedKey(''))) return
    const deviceId = key.slice(publishedKey('').length)
    if (this.#entries !== null) this.#take(this.#entries, deviceId, { value, revision })
    else this.#missed?.set(deviceId, { value, revision })
  }

  /** It is not known any more what is there: it is read again. */
  forget(): void {
    this.#entries = null
    this.#missed = null
  }

  #take(entries: Map<string, LedgerEntry>, deviceId: string, { value, revision }: Told): void {
    // What is told here may be long over, or be this publisher's own.
    if ((entries.get(deviceId)?.entry ?? 0) >= revision) return
    if (value === null) entries.delete(deviceId)
    else {
      const published = this.#book.read(deviceId, value)
      entries.set(deviceId, { entry: revision, published, planned: null })
    }
  }

  async #readAll(): Promise<Map<string, LedgerEntry>> {
    const entries = new Map<string, LedgerEntry>()
    const prefix = publishedKey('')
    for await (const { key, value, revision } of entriesBelow(this.#store, prefix)) {
      const deviceId = key.slice(prefix.length)
      const published = this.#book.read(deviceId, value)
      entries.set(deviceId, { entry: revision, published, planned: null })
    }
    return entries
  }
}
