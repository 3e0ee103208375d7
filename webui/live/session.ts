/** Who sits before the page: nobody yet, a box without a password, or somebody with a role. */
import { effect, signal } from '@preact/signals'
import { isAllowed, type LocalPermission, type LocalRole } from '../../firmware/model/local-user.ts'
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

/** GET /api/v1/session */
interface SessionAnswer {
  readonly user: { readonly name: string; readonly role: LocalRole } | null
  readonly csrf: string | null
  /** So long what asks for a password typed of late may be done. */
  readonly freshSeconds: number
  /** There is no user yet: the first is to be made. */
  readonly isFirst: boolean
  /** The first needs a code that the box's shell prints. */
  readonly needsSetupCode: boolean
  readonly site: string | null
}

export const session = signal<Session>({ kind: 'loading' })

effect(() => {
  if (refusedCount.value > 0 && session.peek().kind === 'signed-in') {
    session.value = { kind: 'signed-out' }
  }
})

export async function loadSession(): Promise<void> {
  try {
    take(await call<SessionAnswer>('GET', '/session'))
  } catch (thrown) {
    if (thrown instanceof CallFailure && thrown.status === 401)
      session.value = { kind: 'signed-out' }
    else if (session.peek().kind !== 'signed-in') session.value = { kind: 'unreachable' }
  }
}

/** @throws CallFailure */
export async function signIn(name: string, password: string): Promise<void> {
  take(await call<SessionAnswer>('POST', '/session', { body: { name, password } }))
}

export async function signOut(): Promise<void> {
  try {
    await call('DELETE', '/session')
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

function take(answer: SessionAnswer): void {
  const { user, csrf, isFirst } = answer
  csrfToken.value = csrf ?? ''
  if (user !== null) session.value = { kind: 'signed-in', ...user }
  else if (isFirst) session.value = { kind: 'first-run', needsSetupCode: answer.needsSetupCode }
  else session.value = { kind: 'signed-out' }
}
