/** Requests that take too long to come, at a server that takes files as well: its own limit is that of files. */
import type { IncomingMessage } from 'node:http'
import type { CancelTimer, Clock } from '../clock/clock.ts'
import { apiLimits } from './answer.ts'

/** A body that comes drop by drop is never idle: its connection ends when it is not in by then. */
export function endLate(request: IncomingMessage, clock: Clock): CancelTimer {
  const cancel = clock.after(apiLimits.requestMs, () => {
    if (!request.complete) request.socket.destroy()
  })
  request.once('close', cancel)
  return cancel
}
