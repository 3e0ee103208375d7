/** What the kernel has and the datapath's tables have no room for, as text. Pure. */
import type { Overflow } from '../model/program.ts'

/** `2 addresses, 700 routes`; '' for nothing. */
export function overflowText(overflow: Overflow): string {
  const left = Object.entries(overflow).filter(([, count]) => count > 0)
  return left.map(([what, count]) => `${count} ${what}`).join(', ')
}
