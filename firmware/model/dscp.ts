/** How a packet is marked for its treatment: code points by number, and by the names that they have. RFC 2474, RFC 8622. */
import type { Dscp } from './device-config-fields.ts'

/** @returns 0–63 */
export function dscpNumber(dscp: Dscp): number {
  if (typeof dscp === 'number') return dscp
  const name = dscp.toLowerCase()
  const [kind = 0, drop = 0] = name.replace(/\D/g, '').split('').map(Number)
  if (name.startsWith('af')) return 8 * kind + 2 * drop // RFC 2597
  if (name.startsWith('cs')) return 8 * kind // RFC 2474 §4.2.2
  return { be: 0, ef: 46 }[name] ?? 0 // RFC 3246
}
