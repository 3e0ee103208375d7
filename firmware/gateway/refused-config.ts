/** The newest configuration of its owner's where a box refused it: what the box said of it, and when it tries it again by itself. */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import type { EdgeMessage } from '../model/control-link.ts'
import type { SignedConfig } from '../model/signed-config.ts'
import { configAgainMs } from '../plan/config-again.ts'

const mostLetters = 300

export function refusedWords(revision: number, code: string, message: string): EdgeMessage {
  return { kind: 'refused', revision, code, message: message.slice(0, mostLetters) }
}

export class RefusedConfig implements Disposable {
  readonly #clock: Clock
  readonly #onAgain: (signed: SignedConfig) => void
  #signed: SignedConfig | null = null
  #words: EdgeMessage | null = null
  #times = 0
  #cancel: CancelTimer = () => {}

  constructor(clock: Clock, onAgain: (signed: SignedConfig) => void) {
    this.#clock = clock
    this.#onAgain = onAgain
  }

  /** What was said last, which may not have been heard. */
  get words(): EdgeMessage | null {
    return this.#words
  }

  is(signed: SignedConfig): boolean {
    return this.#signed === signed
  }

  note(signed: SignedConfig, words: EdgeMessage, code: string): void {
    this.#cancel()
    this.#signed = signed
    this.#words = words
    const pauseMs = configAgainMs(code, this.#times++)
    if (pauseMs !== null) this.#cancel = this.#clock.after(pauseMs, () => this.#onAgain(signed))
  }

  /** There is a newer one. */
  clear(): void {
    this.#cancel()
    this.#signed = null
    this.#words = null
    this.#times = 0
  }

  [Symbol.dispose](): void {
    this.#cancel()
  }
}
