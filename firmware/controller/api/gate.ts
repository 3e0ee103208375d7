/** Who may enter a route: by their role, in the tenant that it is about. Who may not is in that person's tenant's log. */
import type { Store } from '../../host/store/store.ts'
import { CausewayError } from '../../model/errors.ts'
import type { Principal } from '../../model/user.ts'
import { requirePermission } from '../../plan/role.ts'
import { type AuditEvent, logOf } from '../audit.ts'
import { TriedLog } from '../tried-log.ts'
import type { ControllerRoute } from './controller-route.ts'

export interface GateParts {
  readonly store: Store
  readonly wallMs: () => number
}

export class Gate {
  readonly #log: TriedLog

  constructor({ store, wallMs }: GateParts) {
    this.#log = new TriedLog(store, wallMs)
  }

  /** @throws API_FORBIDDEN */
  async admit(
    {
      method,
      url,
      needs,
      tenantOf,
    }: Pick<ControllerRoute, 'method' | 'url' | 'needs' | 'tenantOf'>,
    who: Principal,
    params: unknown,
    body: unknown,
  ): Promise<void> {
    if (needs === 'anybody' || needs === 'signed-in') return
    const named = ((params ?? {}) as { readonly tenant?: string }).tenant ?? '*'
    const own = tenantOf === 'own' ? who.tenant : named
    try {
      requirePermission(who, needs, typeof tenantOf === 'function' ? tenantOf(body) : own)
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      const { code, message } = error
      const target = `${method} ${url.replace(':tenant', named)}`
      const event = { who: who.name, what: 'api.refuse', target, code, detail: message }
      await this.#tell(event, logOf(who.tenant))
      throw error
    }
  }

  /** What does not get into the log is counted there: who asked is told of the refusal, not of that. */
  async #tell(event: AuditEvent, tenant: string): Promise<void> {
    try {
      await this.#log.tell(event, tenant)
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
    }
  }
}
