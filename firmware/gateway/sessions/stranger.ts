/**
 * Calls by keys that no peer has, as lines in the log: at most one in ten seconds, with how many had none before it. Belongs where an
 * initiation has been opened, which only who has the key can make: what is logged is that key's, though whoever recorded it may send it again.
 */
import type { UdpAddress } from '../../host/udp/udp.ts'
import type { Context } from './session.ts'

const gapMs = 10_000

interface Told {
  readonly atMs: number
  suppressed: number
}

const toldBy = new WeakMap<Context, Told>()

export function noteStranger(context: Context, wireKey: Uint8Array, from: UdpAddress): void {
  const nowMs = context.clock.nowMs()
  const told = toldBy.get(context)
  if (told !== undefined && nowMs - told.atMs < gapMs) {
    told.suppressed++
    return
  }
  const { suppressed = 0 } = told ?? {}
  toldBy.set(context, { atMs: nowMs, suppressed: 0 })
  const fields = {
    ...{ source: from.address, sourcePort: from.port, suppressed },
    detail: `no peer has the wireKey ${Buffer.from(wireKey).toString('base64')}`,
  }
  context.log.warn(fields, 'call by an unknown key')
}
