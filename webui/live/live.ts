/**
 * Follows the box's event stream. What an event says shows at once; the whole status is read again soon after, and now and then. A
 * page that nobody looks at lets the stream go: the box has few.
 */
import { signal } from '@preact/signals'
import type { ApiEvent } from '../../firmware/model/local-api-event.ts'
import { asksForStatus } from './apply-event.ts'
import { loadSession } from './session.ts'
import { askStatus, forgetStatus, hear } from './status.ts'

/** `refused`: the box answers, and has no room for one more who follows it. */
export const stream = signal<'opening' | 'live' | 'lost' | 'refused'>('opening')
/** Grows with each event that says that something is different: what was read before may be stale. */
export const changes = signal(0)
/** Grows with each stream but the first: what happened in between was not heard. */
export const gaps = signal(0)

const kinds = [
  ...['status', 'health', 'datapath', 'config', 'change', 'uplink', 'peer'],
  ...['path', 'best-path', 'reach', 'told', 'sample'],
] as const
const readAgainMs = 15_000
/** Several things change at once: they are read once, and not more often than this. Pages do not all ask in one moment. */
const settleMs = { least: 150, spread: 250 }
const readApartMs = 1_000
const unseenMs = 5_000
/** A sample comes each second: who is silent is gone, though a connection that breaks may say nothing. Then it is opened anew. */
const silentMs = { lost: 4_000, anew: 8_000 }
const retryMs = { first: 1_000, most: 20_000 }

type Listener = (event: ApiEvent) => void
const listeners = new Set<Listener>()

/** Every event as it comes. @returns what ends it */
export function onEvent(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Of the last event, by `performance.now()`. */
let heardAtMs = Number.NEGATIVE_INFINITY

/** @returns whether the box answered */
export async function readStatus(): Promise<boolean> {
  const askedAtMs = performance.now()
  const answer = await askStatus()
  // Who is heard meanwhile is there all the same.
  if (answer === 'silent' && heardAtMs < askedAtMs) stream.value = 'lost'
  return answer !== 'silent'
}

/** Follows the box until what it returns is called. */
export function startLive(): () => void {
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  let source: EventSource | null = null
  let retryAfterMs = retryMs.first
  let isSettling = false
  let isFirst = true
  let isEnded = false
  let readAtMs = Number.NEGATIVE_INFINITY

  const later = (name: string, ms: number, action: () => void): void => {
    clearTimeout(timers.get(name))
    timers.set(name, setTimeout(action, ms))
  }
  const close = (): void => {
    source?.close()
    source = null
    isSettling = false
    for (const timer of timers.values()) clearTimeout(timer)
  }
  const take = ({ data }: MessageEvent<string>): void => {
    const event = JSON.parse(data) as ApiEvent
    stream.value = 'live'
    heardAtMs = performance.now()
    listen()
    retryAfterMs = retryMs.first
    hear(event)
    // Each stream begins with one.
    if (event.kind === 'status') begun()
    for (const listener of listeners) listener(event)
    if (asksForStatus(event)) settle()
  }
  const begun = (): void => {
    if (!isFirst) {
      gaps.value++
      changes.value++
      // A box that ends a stream may have ended a session, or somebody has another role by now.
      void loadSession()
    }
    isFirst = false
  }
  const listen = (): void => {
    later('silent', silentMs.lost, () => {
      stream.value = 'lost'
    })
    later('anew', silentMs.anew, open)
  }
  const settle = (): void => {
    if (isSettling) return
    isSettling = true
    const { least, spread } = settleMs
    const waitMs = Math.max(least + spread * Math.random(), readApartMs - sinceMs(readAtMs))
    later('settle', waitMs, () => {
      isSettling = false
      readAtMs = performance.now()
      changes.value++
      void readStatus()
    })
  }
  const open = (): void => {
    close()
    source = new EventSource('/api/v1/events')
    for (const kind of kinds) source.addEventListener(kind, take)
    source.addEventListener('error', () => {
      // While it is CONNECTING the browser tries by itself.
      if (source?.readyState === EventSource.CLOSED) refused()
      else stream.value = 'lost'
    })
    listen()
    again()
  }
  /** Something has answered, and not with a stream. */
  const refused = (): void => {
    close()
    later('retry', retryAfterMs, () => {
      void loadSession()
      open()
    })
    retryAfterMs = Math.min(retryAfterMs * 2, retryMs.most)
    void readStatus().then((isAnswered) => {
      if (isEnded) return
      if (stream.peek() !== 'live') stream.value = isAnswered ? 'refused' : 'lost'
      if (isAnswered) changes.value++
    })
  }
  const again = (): void =>
    later('again', readAgainMs, () => {
      void readStatus()
      again()
    })
  const onSeen = (): void => {
    if (document.hidden) {
      later('unseen', unseenMs, () => {
        close()
        stream.value = 'opening'
      })
      return
    }
    clearTimeout(timers.get('unseen'))
    if (source === null) open()
    void readStatus()
  }

  document.addEventListener('visibilitychange', onSeen)
  open()
  return () => {
    document.removeEventListener('visibilitychange', onSeen)
    close()
    isEnded = true
    forgetStatus()
    stream.value = 'opening'
  }
}

function sinceMs(atMs: number): number {
  return performance.now() - atMs
}
