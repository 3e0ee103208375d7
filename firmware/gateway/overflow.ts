/** What the kernel has and the datapath's tables have no room for, as a line in the log whenever that changes. */
import type { Log } from '../host/system/log.ts'
import type { Overflow } from '../model/program.ts'
import { overflowText } from '../plan/overflow.ts'

/** To be told of every reading: at most one line for each. */
export function overflowTeller(log: Log): (overflow: Overflow) => void {
  let told = ''
  return (overflow) => {
    const detail = overflowText(overflow)
    if (detail === told) return
    told = detail
    if (detail === '') log.info({}, 'the datapath has room for all of the kernel again')
    else log.warn({ code: 'DATAPATH_OVERFLOW', detail }, 'the datapath leaves out what has no room')
  }
}
