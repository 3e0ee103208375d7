/** What is said to a peer whom this box asks for a speed test: the question until it is answered, and that it is over. */
import type { Clock } from '../../host/clock/clock.ts'
import type { SpeedAnswer, SpeedItem, SpeedOpen } from '../../wire/speed.ts'

/** The question, or its answer, may be lost on its way. */
const againMs = 1_000
const patienceMs = 3_000

/** Seals an item for a peer. False: it did not leave, for there is no session. */
export type SendSpeed = (peer: string, item: SpeedItem) => Promise<boolean>

/** `unsent`: there is no session. `silent`: nobody answers. */
export type Said = SpeedAnswer | 'unsent' | 'silent'

export interface SpeedTalk {
  /** One at a time. Gives up when the signal says so, as with a silent peer. */
  ask(peer: string, open: Omit<SpeedOpen, 'type' | 'id'>, signal: AbortSignal): Promise<Said>
  /** It is over, however it went. Harmless where it never began. */
  close(peer: string): void
  onAnswer(peer: string, answer: SpeedAnswer): void
}

export function openSpeedTalk(parts: {
  readonly clock: Clock
  /** Cryptographically strong. */
  readonly random: (bytes: number) => Uint8Array
  readonly send: SendSpeed
}): SpeedTalk {
  const { clock, random, send } = parts
  let id = 0
  let asked: { readonly peer: string; readonly hear: (said: Said) => void } | null = null
  return {
    ask: (peer, open, signal) => {
      id = Buffer.from(random(4)).readUInt32BE(0)
      const item: SpeedOpen = { type: 'speed-open', id, ...open }
      const { promise, resolve } = Promise.withResolvers<Said>()
      let hasLeft = false
      const timers = [0, againMs, 2 * againMs].map((ms) =>
        clock.after(ms, () => {
          void send(peer, item).then((isSent) => {
            hasLeft ||= isSent
          })
        }),
      )
      timers.push(clock.after(patienceMs, () => resolve(hasLeft ? 'silent' : 'unsent')))
      const giveUp = (): void => resolve('silent')
      signal.addEventListener('abort', giveUp, { once: true })
      asked = { peer, hear: resolve }
      return promise.finally(() => {
        asked = null
        for (const cancel of timers) cancel()
        signal.removeEventListener('abort', giveUp)
      })
    },
    close: (peer) => void send(peer, { type: 'speed-close', id }),
    onAnswer: (peer, answer) => {
      if (asked?.peer === peer && answer.id === id) asked.hear(answer)
    },
  }
}
