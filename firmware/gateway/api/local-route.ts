/** A route of a box: what it needs of whoever asks from a LAN. On the socket all is allowed. */
import type { Answer, Asked, Route } from '../../host/api/route.ts'
import type { LocalPermission, LocalPrincipal } from '../../model/local-user.ts'

/**
 * `anybody`: before signing in. `signed-in`: whoever is known, whatever the role. `shell`: never from a LAN.
 * `status`: `status.read`, or anybody where the configuration says `api.lan: status`. `first-run`: anybody while the box has no user,
 * then `config.write`.
 */
export type Needs = LocalPermission | 'anybody' | 'signed-in' | 'status' | 'first-run' | 'shell'

export interface LocalRoute extends Omit<Route, 'handle'> {
  readonly needs: Needs
  /** The password was typed within the last minutes: for keys, users, updates, and what cannot be undone. */
  readonly isFresh?: true
  /** The box's log is not told by whoever serves the route: nothing is changed by it, or the route tells itself. */
  readonly isQuiet?: true
  /** What it was done to, for the log; never a secret. Without it: what the path names. */
  readonly target?: (asked: Asked) => string
  readonly handle: (asked: Asked, who: LocalPrincipal) => Answer | Promise<Answer>
}
