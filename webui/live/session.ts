/** Who sits before the page: nobody yet, a box without a password, or somebody with a role. */
import { effect, signal } from '@preact/signals'
import type { SessionState } from '../../firmware/model/local-api-access.ts'
import {
  isAllowed,
  type LocalPermission,
  type LocalRole,
} from '../../firmware/model/local-permission.ts'
import { CallFailure, call, csrfToken, refusedCount } from './call.ts'

export interface SignedIn {
  readonly kind: 'signed-in'
  readonly name: string
  readonly role: LocalRole
}

export type Session =
  | { readonly kind: 'loading' | 'unreachable' | 'signed-out' }
  | { readonly kind: 'first-run'; readonly needsSetupCode: boolean }
  | SignedIn

export const session = signal<Session>({ kind: 'loading' })

effect(() => {
  if (refusedCount.value > 0 && session.peek().kind === 'signed-in') {
    session.value = { kind: 'signed-out' }
  }
})

export async function loadSession(): Promise<void> {
  try {
    take(await call<SessionState>('GET', '/session'))
  } catch (thrown) {
    if (thrown instanceof CallFailure && thrown.status === 401)
      session.value = { kind: 'signed-out' }
    else if (session.peek().kind !== 'signed-in') session.value = { kind: 'unreachable' }
  }
}

/** Hashing a password takes a box a while, and others may be before it. */
const timeoutMs = 25_000

/** @throws CallFailure */
export async function signIn(name: string, password: string): Promise<void> {
  const body = { name, password }
  take(await call<SessionState>('POST', '/sign-in', { body, timeoutMs }))
}

/** The first user of a box, an admin. @param code that the box's shell printed, where it asks for one @throws CallFailure */
export async function makeFirst(
  name: string,
  password: string,
  code: string | null,
): Promise<void> {
  const body = { name, password, ...(code === null ? {} : { code }) }
  take(await call<SessionState>('POST', '/first-password', { body, timeoutMs }))
}

/** The password again, for what asks for one that was typed of late. @throws CallFailure */
export async function refresh(password: string): Promise<void> {
  take(await call<SessionState>('POST', '/session/refresh', { body: { password }, timeoutMs }))
}

export async function signOut(): Promise<void> {
  try {
    await call('POST', '/sign-out')
  } finally {
    csrfToken.value = ''
    session.value = { kind: 'signed-out' }
  }
}

/** Whether who is signed in may do this: the box says so again when it is asked. */
export function may(permission: LocalPermission): boolean {
  const { value } = session
  return value.kind === 'signed-in' && isAllowed(value.role, permission)
}

function take(answer: SessionState): void {
  const { user, csrf, isFirst } = answer
  csrfToken.value = csrf ?? ''
  if (user !== null) session.value = { kind: 'signed-in', ...user }
  else if (isFirst) session.value = { kind: 'first-run', needsSetupCode: answer.needsSetupCode }
  else session.value = { kind: 'signed-out' }
}
