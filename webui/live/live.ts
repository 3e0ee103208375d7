/**
 * How the box is, as signals that follow its event stream. What an event says shows at once; the whole status is read again
 * soon after, and now and then. A page that nobody looks at lets the stream go: the box has few.
 */
import { signal } from '@preact/signals'
import type { Status } from '../../firmware/model/local-api.ts'
import type { ApiEvent } from '../../firmware/model/local-api-event.ts'
import { applyEvent, asksForStatus } from './apply-event.ts'
import { call } from './call.ts'
import { loadSession } from './session.ts'

export const status = signal<Status | null>(null)
/** When it was read, by `performance.now()`: ages and countdowns in it count from there. */
export const statusAtMs = signal(0)
export const stream = signal<'opening' | 'live' | 'lost'>('opening')
/** Grows with each event that says that something is different: what was read before may be stale. */
export const changes = signal(0)

const kinds = [
  ...['status', 'health', 'datapath', 'config', 'change', 'uplink', 'peer'],
  ...['path', 'best-path', 'reach', 'told', 'sample'],
] as const
const readAgainMs = 15_000
/** Several things change at once: they are read once, and not more often than this. Pages do not all ask in one moment. */
const settleMs = { least: 150, spread: 250 }
const readApartMs = 1_000
const unseenMs = 5_000
const retryMs = { first: 1_000, most: 20_000 }

type Listener = (event: ApiEvent) => void
const listeners = new Set<Listener>()

/** Every event as it comes. @returns what ends it */
export function onEvent(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export async function readStatus(): Promise<void> {
  try {
    const answer = await call<Status>('GET', '/status')
    status.value = answer
    statusAtMs.value = performance.now()
  } catch {
    // The stream says that the box is gone.
  }
}

/** Follows the box until what it returns is called. */
export function startLive(): () => void {
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  let source: EventSource | null = null
  let retryAfterMs = retryMs.first
  let isSettling = false
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
    retryAfterMs = retryMs.first
    status.value = applyEvent(status.peek(), event)
    if (event.kind === 'status') statusAtMs.value = performance.now()
    for (const listener of listeners) listener(event)
    if (asksForStatus(event)) settle()
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
      stream.value = 'lost'
      // While it is CONNECTING the browser tries by itself.
      if (source?.readyState !== EventSource.CLOSED) return
      later('retry', retryAfterMs, () => {
        void loadSession()
        open()
      })
      retryAfterMs = Math.min(retryAfterMs * 2, retryMs.most)
    })
    again()
  }
  const again = (): void =>
    later('again', readAgainMs, () => {
      void readStatus()
      again()
    })
  const onSeen = (): void => {
    if (document.hidden) later('unseen', unseenMs, close)
    else if (source === null) open()
    else clearTimeout(timers.get('unseen'))
  }

  document.addEventListener('visibilitychange', onSeen)
  open()
  return () => {
    document.removeEventListener('visibilitychange', onSeen)
    close()
    status.value = null
    stream.value = 'opening'
  }
}

function sinceMs(atMs: number): number {
  return performance.now() - atMs
}
