/** What becomes of a session's message that cannot be read: it counts, and nothing else changes. */
import { CausewayError } from '../../model/errors.ts'
import { fail, type Session } from './session.ts'

/** Counts a message that could not be taken, and keeps its code. */
export function failOn(session: Session, error: unknown): void {
  if (!(error instanceof CausewayError)) throw error
  fail(session, error.code === 'WIRE_UNAUTHENTIC' ? 'unauthentic' : 'malformed', error.code)
}
