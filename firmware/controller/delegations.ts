/**
 * What roots of an owner have said of its authority: several at a time, so that one root can follow another on boxes that have
 * either. Each was checked when it was taken. What has ended is used no more.
 */
import type { KeyObject } from 'node:crypto'
import { isDelegation } from '../model/voucher.ts'
import { mostDelegations } from '../model/ztp.ts'
import { verifyJws } from '../wire/jws.ts'

interface Said {
  /** JWS. */
  readonly text: string
  readonly expiresMs: number
}

export class Delegations {
  /** The newest first. */
  #all: readonly Said[]
  readonly #keep: (texts: readonly string[]) => Promise<void>

  /** @param keep makes it last @throws nothing: what is none is passed over */
  constructor(texts: readonly string[], keep: (texts: readonly string[]) => Promise<void>) {
    this.#all = texts.flatMap(saidIn)
    this.#keep = keep
  }

  /** Those that hold, the newest first. */
  current(nowMs: number): string[] {
    return this.#live(nowMs).map(({ text }) => text)
  }

  /** The end of the last of them; null: none holds. */
  untilMs(nowMs: number): number | null {
    const ends = this.#live(nowMs).map(({ expiresMs }) => expiresMs)
    return ends.length === 0 ? null : Math.max(...ends)
  }

  /** In place of what the same root has said before; of too many the oldest is forgotten. @throws STORE_WRITE_FAILED */
  async add(text: string, root: KeyObject, nowMs: number): Promise<void> {
    const others: Said[] = []
    for (const one of this.#live(nowMs)) {
      const isSame = await verifyJws('causeway-delegation', one.text, [root]).then(
        () => true,
        () => false,
      )
      if (!isSame) others.push(one)
    }
    const all = [...saidIn(text), ...others].slice(0, mostDelegations)
    await this.#keep(all.map((one) => one.text))
    this.#all = all
  }

  #live(nowMs: number): Said[] {
    return this.#all.filter(({ expiresMs }) => expiresMs > nowMs)
  }
}

function saidIn(text: string): Said[] {
  try {
    const [, payload = ''] = text.split('.')
    const said: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return isDelegation(said) ? [{ text, expiresMs: said.expiresMs }] : []
  } catch {
    return []
  }
}
