/** How the box is, as a signal: what it answers and what it tells by itself come by different ways, and the newer one stays. */
import { signal } from '@preact/signals'
import type { Status } from '../../firmware/model/local-api.ts'
import type { ApiEvent } from '../../firmware/model/local-api-event.ts'
import { applyEvent, asksForStatus } from './apply-event.ts'
import { CallFailure, call } from './call.ts'

export const status = signal<Status | null>(null)
/** When it was read, by the wall clock, which goes on while a computer sleeps: ages and countdowns in it count from there. */
export const statusAtMs = signal(0)

/** Counts the questions; what is shown answers that one, and what an older one answers is no news. */
let asked = 0
let shown = 0
/**
 * For each answer that is on its way, what was heard since it was asked for: the answer may be older, and is made as new. Where it
 * was newer the stream goes on to tell so.
 */
const heardSince = new Set<ApiEvent[]>()

/** @returns `answered`, with a refusal, too; `old`: there was news meanwhile; `silent`: nobody answered */
export async function askStatus(): Promise<'answered' | 'old' | 'silent'> {
  const turn = ++asked
  const heard: ApiEvent[] = []
  heardSince.add(heard)
  try {
    const answer = await call<Status>('GET', '/status')
    if (turn < shown) return 'old'
    take(turn, heard.reduce<Status | null>(applyEvent, answer))
    return 'answered'
  } catch (thrown) {
    if (turn < shown) return 'old'
    return thrown instanceof CallFailure && thrown.status !== 0 ? 'answered' : 'silent'
  } finally {
    heardSince.delete(heard)
  }
}

export function hear(event: ApiEvent): void {
  if (event.kind === 'status') take(++asked, event.status)
  else status.value = applyEvent(status.peek(), event)
  if (asksForStatus(event)) for (const heard of heardSince) heard.push(event)
}

/** Nobody is here any more: no answer that is on its way brings it back. */
export function forgetStatus(): void {
  shown = ++asked
  status.value = null
}

function take(turn: number, now: Status | null): void {
  shown = turn
  status.value = now
  statusAtMs.value = Date.now()
}
