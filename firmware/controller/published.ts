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

interface Written {
  readonly text: string
  readonly published: PublishedConfig
}

/** Boxes whose last texts are remembered; of others they are read again. */
const mostKept = 8_192

export class PublishedBook {
  readonly #last = new Map<string, Written>()
  /** On their way into the store: nobody has been told of them. */
  readonly #underWay = new Map<string, Written>()
  /** Being read from the store: whoever asks meanwhile waits for the same. */
  readonly #asked = new Map<string, Promise<number>>()

  /** @param text of the entry of this box */
  read(deviceId: string, text: string): PublishedConfig {
    const last = this.#last.get(deviceId)
    if (last?.text === text) return last.published
    const written = this.#underWay.get(deviceId)
    if (written?.text === text) {
      this.land(deviceId)
      return written.published
    }
    const published = JSON.parse(text) as Published
    const { config } = unverifiedPayload(published.jws) as SignedConfig
    const whole = { ...published, config }
    this.#keep(deviceId, { text, published: whole })
    return whole
  }

  /** What was read last for this box; null: nothing, or too long ago. */
  known(deviceId: string): PublishedConfig | null {
    return this.#last.get(deviceId)?.published ?? null
  }

  /** It is about to be committed: whoever reads this text from now on gets this object. Then it lands, or is given up. */
  begin(published: PublishedConfig, text: string): void {
    this.#underWay.set(published.deviceId, { text, published })
  }

  /** What was begun for this box is in the store. Whoever has read it there was told so already. */
  land(deviceId: string): void {
    const written = this.#underWay.get(deviceId)
    this.#underWay.delete(deviceId)
    if (written !== undefined) this.#keep(deviceId, written)
  }

  /** What was begun for this box is not in the store. */
  giveUp(deviceId: string): void {
    this.#underWay.delete(deviceId)
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

  #keep(deviceId: string, written: Written): void {
    this.#last.delete(deviceId)
    this.#last.set(deviceId, written)
    if (this.#last.size <= mostKept) return
    const [oldest] = this.#last.keys()
    this.#last.delete(oldest!)
  }
}

/** The text to be kept in the store. */
export function textOf({ deviceId, tenant, site, revision, jws }: PublishedConfig): string {
  return JSON.stringify({ deviceId, tenant, site, revision, jws } satisfies Published)
}
