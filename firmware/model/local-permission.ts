/** Roles on a box and what each may do, as plain tables: a page has them without any schema. */

/** `viewer` sees all but secrets and the audit log. `operator` diagnoses and starts anew as well. `admin` may do all. */
export const localRoles = ['viewer', 'operator', 'admin'] as const
export type LocalRole = (typeof localRoles)[number]

/** What can be done, and who may at least. */
export const localPermissions = {
  'status.read': 'viewer',
  'config.read': 'viewer',
  'log.read': 'operator',
  /** Ping, traceroute, DNS, path MTU, explain, speed test: packets of the box's own. */
  diagnose: 'operator',
  /** What others send, with payloads cut off. */
  capture: 'operator',
  /** The same with payloads. */
  'capture.full': 'admin',
  restart: 'operator',
  'config.write': 'admin',
  'audit.read': 'admin',
  'user.read': 'admin',
  'user.write': 'admin',
  backup: 'admin',
  update: 'admin',
  reset: 'admin',
} as const satisfies Readonly<Record<string, LocalRole>>
export type LocalPermission = keyof typeof localPermissions

export function isAllowed(role: LocalRole, permission: LocalPermission): boolean {
  return localRoles.indexOf(role) >= localRoles.indexOf(localPermissions[permission])
}
