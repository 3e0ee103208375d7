/**
 * The draft of this tab as a signal, kept in the browser's session; gone once the box has kept it, or when somebody else signs in
 * here.
 */
import { effect, signal } from '@preact/signals'
import type { Status } from '../../firmware/model/local-api.ts'
import { type Draft, draftOfText, draftToText } from '../config/draft.ts'
import { CallFailure } from './call.ts'
import { askFate } from './fate.ts'
import { onEvent } from './live.ts'
import { type Session, session } from './session.ts'
import { status } from './status.ts'

const key = 'causeway.draft'

const kept = stored()
export const draft = signal<Draft | null>(kept.draft)
/** Whether its differences are looked at. */
export const isReviewing = signal(false)
/** Whose it is; null: nobody's yet. */
let owner: string | null = kept.owner

effect(() => {
  const name = nameOf(session.value)
  if (draft.value === null) owner = null
  else if (name !== null) {
    owner ??= name
    if (owner !== name) draft.value = null
  }
  keep(draft.peek())
})

/** Away with it. @returns what brings it back, and says whether it has: not over another one that began meanwhile */
export function discard(): () => boolean {
  const [before, by] = [draft.peek(), owner]
  draft.value = null
  return () => {
    if (draft.peek() !== null || nameOf(session.peek()) !== by) return false
    draft.value = before
    return true
  }
}

/** The box is being handed it: it may not know of it yet. */
let isHandingIn = false

/** @param work hands it in under this revision @throws what that throws */
export async function handIn(revision: number, work: () => Promise<unknown>): Promise<void> {
  const mine = draft.peek()
  if (mine === null) return
  isHandingIn = true
  draft.value = { ...mine, revision }
  try {
    await work()
  } catch (thrown) {
    // Where nobody answered it may be in place all the same.
    const isUnknown = thrown instanceof CallFailure && thrown.status === 0
    if (!isUnknown) draft.value = { ...mine, revision: null }
    throw thrown
  } finally {
    isHandingIn = false
  }
}

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
  if (!isHandingIn) void followUp(mine, mine.revision)
})

/** What is not known yet is asked again with the next status. */
async function followUp(asked: Draft, revision: number): Promise<void> {
  const fate = await askFate(revision)
  const mine = draft.peek()
  if (mine?.revision !== revision || isHandingIn) return
  // What was typed meanwhile is another draft.
  if (fate === 'confirmed' && mine.text === asked.text) draft.value = null
  else if (fate === 'confirmed' || fate === 'taken-back') draft.value = { ...mine, revision: null }
}

function nameOf(who: Session): string | null {
  return who.kind === 'signed-in' ? who.name : null
}

function isPending({ pendingChange }: Status): boolean {
  return pendingChange !== null
}

function keep(mine: Draft | null): void {
  try {
    if (mine === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, JSON.stringify({ owner, draft: draftToText(mine) }))
  } catch {
    // A browser that keeps nothing: it is gone with the page.
  }
}

function stored(): { readonly draft: Draft | null; readonly owner: string | null } {
  try {
    const { owner = null, draft: text = null } = JSON.parse(sessionStorage.getItem(key) ?? '{}')
    return { draft: draftOfText(text), owner }
  } catch {
    return { draft: null, owner: null }
  }
}
