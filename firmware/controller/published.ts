/**
 * What was published last for each box, in the store under `config/ID`: signed for it, with a number that only grows. Texts are
 * read once: whoever publishes and whoever sends then speak of the same objects, and parts that did not change are the same ones.
 */
import type { Store } from '../host/store/store.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import type { SignedConfig } from '../model/signed-config.ts'
import { unverifiedPayload } from '../wire/jws.ts'
import { publishedKey } from './keys.ts'

/** As it is kept. The configuration is in the signed text alone: a hub's is large. */
export interface Published {
  readonly deviceId: string
  readonly tenant: string
  readonly site: string
  readonly revision: number
  /** Of a `SignedConfig`, compact. */
  readonly jws: string
}

/** As it is worked with. */
export interface PublishedConfig extends Published {
  readonly config: DeviceConfig
}

/** Boxes whose last texts are remembered; of others they are read again. */
const mostKept = 8_192

export class PublishedBook {
  readonly #last = new Map<string, { readonly text: string; readonly published: PublishedConfig }>()
  /** Being read from the store: whoever asks meanwhile waits for the same. */
  readonly #asked = new Map<string, Promise<number>>()

  /** @param text of the entry of this box */
  read(deviceId: string, text: string): PublishedConfig {
    const last = this.#last.get(deviceId)
    if (last?.text === text) return last.published
    const published = JSON.parse(text) as Published
    const { config } = unverifiedPayload(published.jws) as SignedConfig
    const whole = { ...published, config }
    this.#keep(deviceId, text, whole)
    return whole
  }

  /** What was read or written last for this box; null: nothing, or too long ago. */
  known(deviceId: string): PublishedConfig | null {
    return this.#last.get(deviceId)?.published ?? null
  }

  /** @returns the text to be kept in the store */
  write({ deviceId, tenant, site, revision, jws, config }: PublishedConfig): string {
    const published: Published = { deviceId, tenant, site, revision, jws }
    const text = JSON.stringify(published)
    this.#keep(deviceId, text, { ...published, config })
    return text
  }

  /** 0: nothing was published for it. As of what this process has heard last. */
  async revisionOf(store: Store, deviceId: string): Promise<number> {
    const last = this.#last.get(deviceId)
    if (last !== undefined) return last.published.revision
    const asked = this.#asked.get(deviceId) ?? this.#ask(store, deviceId)
    this.#asked.set(deviceId, asked)
    return asked
  }

  async #ask(store: Store, deviceId: string): Promise<number> {
    try {
      const entry = await store.get(publishedKey(deviceId))
      return entry === null ? 0 : this.read(deviceId, entry.value).revision
    } finally {
      this.#asked.delete(deviceId)
    }
  }

  /** It is there no more. */
  forget(deviceId: string): void {
    this.#last.delete(deviceId)
  }

  #keep(deviceId: string, text: string, published: PublishedConfig): void {
    this.#last.delete(deviceId)
    this.#last.set(deviceId, { text, published })
    if (this.#last.size <= mostKept) return
    const [oldest] = this.#last.keys()
    this.#last.delete(oldest!)
  }
}
