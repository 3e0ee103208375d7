/** The draft of this tab as a signal, kept in the browser's session; gone once the box has kept it. */
import { effect, signal } from '@preact/signals'
import type { Status } from '../../firmware/model/local-api.ts'
import { type Draft, draftOfText, draftToText } from '../config/draft.ts'
import { onEvent, status } from './live.ts'

const key = 'causeway.draft'

export const draft = signal<Draft | null>(draftOfText(stored()))
/** Whether its differences are looked at. */
export const isReviewing = signal(false)

effect(() => {
  try {
    if (draft.value === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, draftToText(draft.value))
  } catch {
    // A browser that keeps nothing: it is gone with the page.
  }
})

/** Follows what becomes of a draft that was handed in. */
onEvent((event) => {
  const mine = draft.peek()
  if (event.kind !== 'change' || mine === null || event.revision !== mine.revision) return
  if (event.step === 'confirmed') draft.value = null
  if (event.step === 'taken-back') draft.value = { ...mine, revision: null }
})

/** A page that was away has heard no event. */
effect(() => {
  const now = status.value
  const mine = draft.peek()
  if (now === null || mine === null || mine.revision === null || isPending(now)) return
  draft.value = now.revision === mine.revision ? null : { ...mine, revision: null }
})

function isPending({ pendingChange }: Status): boolean {
  return pendingChange !== null
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(key)
  } catch {
    return null
  }
}
