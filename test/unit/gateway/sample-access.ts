/** Who may use a box, in memory, for tests. */
import { Access } from '../../../firmware/gateway/access/access.ts'
import type { AccessRouteParts } from '../../../firmware/gateway/api/access-routes.ts'
import type { RouteParts } from '../../../firmware/gateway/api/routes.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'

/** @param nowMs of both clocks */
export function openAccess(nowMs: () => number = () => 1_000_000, rows?: Map<string, string>) {
  return new Access({
    clock: { nowMs },
    wallMs: nowMs,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    openStore: (onFailed) => openStore(memoryTable(rows), onFailed),
  })
}

export function noAccess(): AccessRouteParts {
  const access = openAccess()
  return { access, isBlank: () => false, isStatusOpen: () => false, site: () => 'berlin' }
}

/** Whatever routes tell of besides: nobody asks for it. */
export function partsWith(access: AccessRouteParts): RouteParts {
  const anything: object = new Proxy(() => anything, { get: () => anything })
  return new Proxy({ access } as RouteParts, {
    get: (parts, name) => Reflect.get(parts, name) ?? anything,
  })
}
