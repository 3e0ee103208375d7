/** Whether somebody may do something in a tenant. Pure. */
import { CausewayError } from '../model/errors.ts'
import { type Permission, type Principal, permissions, roles } from '../model/user.ts'

export function mayDo({ tenant, role }: Principal, permission: Permission, here: string): boolean {
  const isHere = tenant === '*' || tenant === here
  return isHere && roles.indexOf(role) >= roles.indexOf(permissions[permission])
}

/** @throws API_FORBIDDEN */
export function requirePermission(who: Principal, permission: Permission, tenant: string): void {
  if (mayDo(who, permission, tenant)) return
  const where = tenant === '*' ? 'for all tenants' : `in ${tenant}`
  const message = `needs the role ${permissions[permission]} ${where}`
  throw new CausewayError('API_FORBIDDEN', message)
}
