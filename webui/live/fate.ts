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
/** Counts what was heard of changes: what the box is asked about one is old then. */
let heard = 0

onEvent((event) => {
  if (event.kind !== 'change') return
  heard++
  takenBack.value = event.step === 'taken-back' ? event : null
  trial = null
})

effect(() => {
  const now = status.value
  if (now === null) return
  if (now.pendingChange !== null) trial = now.pendingChange.revision
  else if (trial !== null) void askFate(trial)
})

interface Asking {
  readonly revision: number
  readonly fate: Promise<KnownFate>
}
/** Null: not known yet, for nobody answered or something else was heard meanwhile. */
type KnownFate = 'on-trial' | LastChange['result'] | null
let asking: Asking | null = null

/** Of a change that, as the status says, is not on trial: that status may be older than the change. Of several who ask, once. */
export function askFate(revision: number): Promise<KnownFate> {
  if (asking?.revision === revision) return asking.fate
  const fate = lookUp(revision).finally(() => {
    if (asking === mine) asking = null
  })
  const mine: Asking = { revision, fate }
  asking = mine
  return fate
}

async function lookUp(revision: number): Promise<KnownFate> {
  const before = heard
  const answer = await call<ConfigAnswer>('GET', '/config').catch(() => null)
  if (answer === null || heard !== before) return null
  const { pendingChange, lastChange } = answer
  if (pendingChange?.revision === revision) return 'on-trial'
  const wasSeen = trial === revision
  trial = null
  if (lastChange?.revision === revision) {
    takenBack.value = lastChange.result === 'taken-back' ? lastChange : null
    return lastChange.result
  }
  if (answer.revision === revision) return 'confirmed'
  // A box that began anew meanwhile knows of none.
  if (lastChange === null && wasSeen) takenBack.value = { revision }
  return 'taken-back'
}
