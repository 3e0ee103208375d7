/** Two ends of a link in one process: for tests and simulations. What one sends the other hears later, never at once. */
import { closeCodes, type Link, type LinkEnd, mostEarly } from './link.ts'

interface End extends Link {
  hear(text: string): void
  end(end: LinkEnd): void
}

export interface FakeLinks {
  readonly box: Link
  readonly controller: Link
  /** Nothing passes any more, and both are told. */
  cut(): void
}

export function fakeLinks(): FakeLinks {
  const box = fakeEnd(() => controller)
  const controller: End = fakeEnd(() => box)
  const cut = (): void => {
    for (const end of [box, controller]) end.end({ code: 1_006, reason: '' })
  }
  return { box, controller, cut }
}

function fakeEnd(other: () => End): End {
  const early: string[] = []
  let onMessage: ((text: string) => void) | null = null
  let onClose: ((end: LinkEnd) => void) | null = null
  let ended: LinkEnd | null = null
  const end: End = {
    waitingBytes: 0,
    send: (text) => {
      if (ended === null) setImmediate(() => other().hear(text))
    },
    onMessage: (listener) => {
      onMessage = listener
      for (const text of early.splice(0)) listener(text)
    },
    onClose: (listener) => {
      onClose = listener
      if (ended !== null) listener(ended)
    },
    close: (code, reason) => {
      setImmediate(() => {
        end.end({ code, reason })
        other().end({ code, reason })
      })
    },
    hear: (text) => {
      if (ended !== null) return
      if (onMessage !== null) onMessage(text)
      else if (early.push(text) > mostEarly) end.close(closeCodes.misuse, 'too early')
    },
    end: (reason) => {
      if (ended !== null) return
      ended = reason
      onClose?.(reason)
    },
  }
  return end
}
