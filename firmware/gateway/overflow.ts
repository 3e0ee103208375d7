/** What the kernel has and the datapath's tables have no room for, as a line in the log whenever that changes. */
import type { Log } from '../host/system/log.ts'
import type { Overflow } from '../model/program.ts'

export function tellOverflow(overflow: Overflow, log: Log): void {
  const left = Object.entries(overflow).filter(([, count]) => count > 0)
  const detail = left.map(([what, count]) => `${count} ${what}`).join(', ')
  if (left.length === 0) log.info({}, 'the datapath has room for all of the kernel again')
  else log.warn({ code: 'DATAPATH_OVERFLOW', detail }, 'the datapath leaves out what has no room')
}
