/** Who sits before the page: nobody yet, a box without a password, or somebody with a role. */
import { effect, signal } from '@preact/signals'
import type { SessionState } from '../../firmware/model/local-api-access.ts'
import {
  isAllowed,
  type LocalPermission,
  type LocalRole,
} from '../../firmware/model/local-permission.ts'
import { secretAskMs as timeoutMs } from '../../firmware/model/upkeep-limits.ts'
import { CallFailure, call, csrfToken, refusedCount, renewBy } from './call.ts'

export interface SignedIn {
  readonly kind: 'signed-in'
  readonly name: string
  readonly role: LocalRole
}

export type Session =
  | { readonly kind: 'loading' | 'unreachable' | 'signed-out' }
  /** Whoever was here signs out: the box is asked, or did not answer and takes them for signed in still. */
  | { readonly kind: 'leaving' | 'still-in' }
  | { readonly kind: 'first-run'; readonly needsSetupCode: boolean }
  | SignedIn

export const session = signal<Session>({ kind: 'loading' })
/** Whoever was here last was signed out since nobody touched the page. */
export const wasIdle = signal(false)

/** Kept so that a page that is loaded anew signs out first. */
const leavingKey = 'causeway.leaving'
let isLeaving = wasLeaving()

// The box says the same of a wrong password and of a session that has ended.
effect(() => {
  if (refusedCount.value > 0 && session.peek().kind === 'signed-in') void loadSession()
})

/** Counts who came and went: what was asked before that is no answer after it. */
let turn = 0

renewBy(async () => {
  const [before, token, since] = [session.peek(), csrfToken.peek(), turn]
  try {
    const state = await call<SessionState>('GET', '/session')
    if (turn === since) take(state)
  } catch {
    // What was refused is said already.
    return false
  }
  const now = session.peek()
  const isSame = before.kind === 'signed-in' && now.kind === 'signed-in' && before.name === now.name
  return isSame && csrfToken.peek() !== token
})

interface Looking {
  readonly turn: number
  readonly done: Promise<void>
}
let looking: Looking | null = null

/** Asks the box who is signed in; of several who ask at once, once. */
export function loadSession(): Promise<void> {
  if (looking?.turn === turn) return looking.done
  const done = look().finally(() => {
    if (looking === mine) looking = null
  })
  const mine: Looking = { turn, done }
  looking = mine
  return done
}

async function look(): Promise<void> {
  const since = turn
  try {
    const state = await call<SessionState>('GET', '/session')
    if (turn === since) take(state)
  } catch (thrown) {
    if (turn !== since) return
    const { kind } = session.peek()
    if (thrown instanceof CallFailure && thrown.status === 401)
      session.value = { kind: 'signed-out' }
    else if (kind !== 'signed-in' && kind !== 'still-in') session.value = { kind: 'unreachable' }
  }
  if (session.peek().kind === 'still-in') await signOut()
}

/** @throws CallFailure */
export async function signIn(name: string, password: string): Promise<void> {
  const body = { name, password }
  enter(await call<SessionState>('POST', '/sign-in', { body, timeoutMs }))
}

/** The first user of a box, an admin. @param code that the box's shell printed, where it asks for one @throws CallFailure */
export async function makeFirst(
  name: string,
  password: string,
  code: string | null,
): Promise<void> {
  const body = { name, password, ...(code === null ? {} : { code }) }
  enter(await call<SessionState>('POST', '/first-password', { body, timeoutMs }))
}

/** The password again, for what asks for one that was typed of late. @throws CallFailure */
export async function refresh(password: string): Promise<void> {
  const since = turn
  const body = { password }
  const state = await call<SessionState>('POST', '/session/refresh', { body, timeoutMs })
  if (turn === since) enter(state)
}

/** Where the box does not answer, it is asked again: by `loadSession`, here or in a page that is loaded anew. */
export async function signOut(): Promise<void> {
  const since = turn
  setLeaving(true)
  if (session.peek().kind === 'signed-in') session.value = { kind: 'leaving' }
  try {
    await call('POST', '/sign-out')
  } catch (thrown) {
    // 401: the session has ended already.
    if (!(thrown instanceof CallFailure) || thrown.status !== 401) {
      if (turn === since) session.value = { kind: 'still-in' }
      return
    }
  }
  if (turn !== since) return
  turn++
  setLeaving(false)
  csrfToken.value = ''
  session.value = { kind: 'signed-out' }
}

/** Whether who is signed in may do this: the box says so again when it is asked. */
export function may(permission: LocalPermission): boolean {
  const { value } = session
  return value.kind === 'signed-in' && isAllowed(value.role, permission)
}

function enter(state: SessionState): void {
  turn++
  setLeaving(false)
  take(state)
}

function take({ user, csrf, isFirst, needsSetupCode }: SessionState): void {
  csrfToken.value = csrf ?? ''
  if (user === null) {
    setLeaving(false)
    session.value = isFirst ? { kind: 'first-run', needsSetupCode } : { kind: 'signed-out' }
  } else if (isLeaving) session.value = { kind: 'still-in' }
  else {
    wasIdle.value = false
    session.value = { kind: 'signed-in', ...user }
  }
}

function wasLeaving(): boolean {
  try {
    return sessionStorage.getItem(leavingKey) !== null
  } catch {
    return false
  }
}

function setLeaving(is: boolean): void {
  isLeaving = is
  try {
    if (is) sessionStorage.setItem(leavingKey, 'yes')
    else sessionStorage.removeItem(leavingKey)
  } catch {
    // A browser that keeps nothing: only this page knows.
  }
}
