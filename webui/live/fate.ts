/**
 * Why the last change was taken back: as an event tells it, or, where the page was away when it came, as the box says when it is
 * asked. Stays until somebody has read it, or begins another.
 */
import { effect, signal } from '@preact/signals'
import type { ConfigAnswer, LastChange } from '../../firmware/model/local-api-config.ts'
import { call } from './call.ts'
import { onEvent, status } from './live.ts'

export const takenBack = signal<Pick<LastChange, 'revision' | 'reason'> | null>(null)

/** Seen on trial, and nothing heard of its end. */
let trial: number | null = null

onEvent((event) => {
  if (event.kind !== 'change') return
  takenBack.value = event.step === 'taken-back' ? event : null
  trial = null
})

effect(() => {
  const now = status.value
  if (now === null) return
  if (now.pendingChange !== null) trial = now.pendingChange.revision
  else if (trial !== null) void askFate(trial)
})

/** Of a change that was on trial and is not any more. */
export async function askFate(revision: number): Promise<void> {
  const wasSeen = trial === revision
  trial = null
  // A box that does not answer now is asked for its status again, and shows then what runs.
  const answer = await call<ConfigAnswer>('GET', '/config').catch(() => null)
  if (answer === null || answer.revision === revision) return
  const { lastChange } = answer
  if (lastChange?.revision === revision) {
    takenBack.value = lastChange.result === 'taken-back' ? lastChange : null
  }
  // A box that began anew meanwhile knows of none.
  else if (lastChange === null && wasSeen) takenBack.value = { revision }
}
