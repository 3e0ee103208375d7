/** What downloads are called. Pure. */

/** `causeway-berlin-2026-11-27-0912`: names sort by time. */
export function fileStem(site: string | null, at: Date): string {
  const stamp = at.toISOString().slice(0, 16).replace('T', '-').replaceAll(':', '')
  return ['causeway', ...(site === null ? [] : [site]), stamp].join('-')
}
