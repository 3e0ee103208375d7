/** What a route of a controller's API is: as any route, and who may enter it; and the parts that routes tell of. */
import type { Asked, Route } from '../../host/api/route.ts'
import type { Store } from '../../host/store/store.ts'
import type { Permission, Principal } from '../../model/user.ts'
import type { EnrolDesk } from '../enrol.ts'
import type { FirmwareShelf } from '../firmware.ts'
import type { Fleets } from '../fleets.ts'
import type { LinkDesk } from '../link-desk.ts'
import type { Owner } from '../owner.ts'
import type { PublishedBook } from '../published.ts'
import type { Publisher } from '../publisher.ts'
import type { Rollouts } from '../rollouts.ts'
import type { Users } from '../users.ts'

export interface RouteParts {
  readonly store: Store
  readonly fleets: Fleets
  readonly book: PublishedBook
  readonly owner: Owner
  readonly users: Users
  readonly enrol: EnrolDesk
  readonly links: LinkDesk
  readonly publisher: Publisher
  readonly shelf: FirmwareShelf
  readonly rollouts: Rollouts
  readonly random: (bytes: number) => Buffer
  readonly wallMs: () => number
}

/** What it takes to enter: nothing, a token, or that a role of its holder may do something. */
export type Entry = 'anybody' | 'signed-in' | Permission

export interface ControllerRoute extends Omit<Route, 'handle'> {
  readonly needs: Entry
  /**
   * In which tenant one must have that permission: `*` for all of them. Without it, in the one that the path names; where it
   * names none, in all. `own`: in one's own; the answer is about nothing else then.
   */
  readonly tenantOf?: 'own' | ((body: unknown) => string)
  readonly handle: (asked: Asked, who: Principal) => Promise<{ readonly body: unknown }>
}

export const tenantUrl = '/api/v1/tenants/:tenant'

/** Of what the path names. */
export function tenantOf({ params }: Asked): string {
  return (params as { readonly tenant: string }).tenant
}
