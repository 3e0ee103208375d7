/** The routes of the web UI, of which the first parts are those of its table of pages. */
import { pagesTable } from './route-table.ts'

/** Every page, and what there is below some. */
export const uiRoutes: readonly string[] = [
  ...pagesTable().map(({ path }) => path),
  ...['peers/lisbon', 'peers/nobody', 'uplinks/wan0', 'config/history'],
  ...['diagnostics/explain', 'diagnostics/reach', 'diagnostics/capture', 'diagnostics/flows'],
  ...['diagnostics/log', 'diagnostics/support'],
  ...['system/status', 'system/time', 'system/certificates', 'system/users', 'system/audit'],
  ...['system/backup', 'system/firmware', 'system/restart'],
  ...['set-up/owner', 'set-up/internet', 'set-up/done', 'nowhere'],
]

/** Whether all pages of the table are among them. */
export function isRouteOfAll(routes: readonly string[]): boolean {
  const table = pagesTable()
  return table.length >= 11 && table.every(({ path }) => routes.includes(path))
}
