/**
 * Why the last change was taken back: as an event tells it, or, where the page was away when it came, as the box says when it is
 * asked. Stays until somebody has read it, or begins another.
 */
import { effect, signal } from '@preact/signals'
import type { ConfigAnswer, LastChange } from '../../firmware/model/local-api-config.ts'
import { call } from './call.ts'
import { onEvent } from './live.ts'
import { status } from './status.ts'

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

/** Of a change that, as the status says, is not on trial: that status may be older than the change. Null: the box does not answer. */
export async function askFate(revision: number): Promise<'on-trial' | LastChange['result'] | null> {
  const wasSeen = trial === revision
  trial = null
  const answer = await call<ConfigAnswer>('GET', '/config').catch(() => null)
  if (answer === null) return null
  const { pendingChange, lastChange } = answer
  if (pendingChange?.revision === revision) return 'on-trial'
  if (lastChange?.revision === revision) {
    takenBack.value = lastChange.result === 'taken-back' ? lastChange : null
    return lastChange.result
  }
  if (answer.revision === revision) return 'confirmed'
  // A box that began anew meanwhile knows of none.
  if (lastChange === null && wasSeen) takenBack.value = { revision }
  return 'taken-back'
}
