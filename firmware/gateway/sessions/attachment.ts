/**
 * Which datapath the sessions work with: takes one over with what it has, lets go of it when it dies, and reads its
 * keypairs again where the pictures differ. What sessions then do with it is schedule.ts.
 */

import type { CancelTimer } from '../../host/clock/clock.ts'
import type { Datapath } from '../../host/datapath/datapath.ts'
import { CausewayError } from '../../model/errors.ts'
import type { DatapathEvent, InstalledKeypair } from '../../model/program.ts'
import { onEvent } from './demux.ts'
import { adoptKeypairs } from './keypairs.ts'
import { allowRecalls } from './recall.ts'
import { steer } from './schedule.ts'
import { type Context, chance, resetSession, type Session } from './session.ts'
import { noteEnd } from './session-end.ts'

export interface Attachment {
  /**
   * Goes on with this connection, unless it is the one at work: what the datapath has is adopted, what it lacks is
   * made. One that fails leaves the sessions without a datapath, and may be tried again.
   * @throws DATAPATH_ errors
   */
  attach(datapath: Datapath): Promise<void>
  /** Lets go for good; an attempt under way comes to nothing. */
  end(): void
}

/** What was heard on a connection; its handlers stay for its life, so they are registered once. */
interface Line {
  isClosed: boolean
  /** Events that came while the keypairs were being read; null at other times. */
  backlog: DatapathEvent[] | null
}

/** Events that may come while a datapath's keypairs are being read; more would mean that it does nothing else. */
const backlogLimit = 4_096

/** Readings that may be out of date, one after the other, before the next disagreement has to ask anew. */
const readingsLimit = 4

export function openAttachment(
  context: Context,
  sessions: ReadonlyMap<string, Session>,
): Attachment {
  const lines = new WeakMap<Datapath, Line>()
  let isEnded = false
  let renewal: CancelTimer | null = null

  /** The datapath asks strangers for cookies as the gateway would, with the same secrets: it has each of them at once. */
  const giveSecrets = (): void => {
    const { datapath, clock, ownCookieKey, cookieSecret } = context
    renewal?.()
    renewal = null
    if (datapath === null) return
    const secrets = { cookieKey: ownCookieKey, secrets: cookieSecret.valid() }
    // Dead or busy: the next time it is told again, and does without meanwhile.
    datapath.cookies(secrets).catch(() => undefined)
    renewal = clock.after(cookieSecret.renewsInMs(), giveSecrets)
  }
  const listen = (datapath: Datapath): Line => {
    const line: Line = { isClosed: false, backlog: null }
    lines.set(datapath, line)
    datapath.onEvent((event) => {
      if (context.datapath === datapath) onEvent(context, sessions, event)
      else if (line.backlog !== null && line.backlog.length < backlogLimit) line.backlog.push(event)
    })
    datapath.onClose(() => {
      line.isClosed = true
      if (context.datapath !== datapath) return
      detach(context, sessions)
      giveSecrets()
    })
    return line
  }
  return {
    attach: async (datapath) => {
      if (isEnded || context.datapath === datapath) return
      if (context.datapath !== null) detach(context, sessions)
      const line = lines.get(datapath) ?? listen(datapath)
      line.backlog = []
      try {
        const { hasAes } = await datapath.describe()
        const installed = await datapath.keypairs()
        if (line.isClosed) {
          throw new CausewayError('DATAPATH_UNREACHABLE', 'the datapath died meanwhile')
        }
        if (isEnded) wipeChains(installed)
        else {
          takeOver(context, sessions, { datapath, hasAes, installed, backlog: line.backlog })
          giveSecrets()
        }
      } finally {
        line.backlog = null
      }
    },
    end: () => {
      isEnded = true
      context.datapath = null
      giveSecrets()
    },
  }
}

/**
 * Reads a session's keypairs from the datapath again. What changed here while it was read, an installation above
 * all, is newer than the reading, which then is dropped. `isWanted` tells whether the session still counts.
 */
export async function resync(session: Session, isWanted: () => boolean): Promise<void> {
  const { context } = session
  const { datapath } = context
  for (let readings = 0; readings < readingsLimit; readings++) {
    if (datapath === null || context.datapath !== datapath || !isWanted()) return
    const { changes } = session
    const installed = await read(datapath)
    if (installed === null) return
    const isUsable = session.changes === changes && context.datapath === datapath && isWanted()
    if (isUsable) adoptKeypairs(session, installed)
    wipeChains(installed)
    if (!isUsable) continue
    context.steer(session)
    return
  }
}

function takeOver(
  context: Context,
  sessions: ReadonlyMap<string, Session>,
  found: {
    readonly datapath: Datapath
    readonly hasAes: boolean
    readonly installed: readonly InstalledKeypair[]
    readonly backlog: readonly DatapathEvent[]
  },
): void {
  const { datapath, hasAes, installed, backlog } = found
  context.datapath = datapath
  context.suites = hasAes ? ['chacha20-poly1305', 'aes-256-gcm'] : ['chacha20-poly1305']
  const nowMs = context.clock.nowMs()
  for (const session of sessions.values()) {
    adoptKeypairs(session, installed)
    allowRecalls(session, session.current === null)
    session.rawNotBeforeMs = nowMs + chance(context) * context.timing.spreadMs
  }
  wipeChains(installed)
  for (const event of backlog) onEvent(context, sessions, event)
  for (const session of sessions.values()) steer(session)
  const orphans = installed.filter(({ peer }) => !sessions.has(peer))
  if (orphans.length === 0) return
  // One that stays is known to nobody and ends by itself, at the hard stop.
  datapath.retire(orphans.map(({ localIndex }) => localIndex)).catch(() => undefined)
}

/** The datapath died and its keypairs with it. Or only the way to it did; then `attach` finds them again. */
function detach(context: Context, sessions: ReadonlyMap<string, Session>): void {
  context.datapath = null
  for (const session of sessions.values()) {
    noteEnd(session, 'datapath')
    resetSession(session)
    steer(session)
  }
}

/** Null when it cannot answer: then it is about to be reported dead, which resets the session. */
function read(datapath: Datapath): Promise<InstalledKeypair[] | null> {
  return datapath.keypairs().catch((error: unknown) => {
    if (error instanceof CausewayError) return null
    throw error
  })
}

/** Sessions keep copies of the chains that they need. */
function wipeChains(installed: readonly InstalledKeypair[]): void {
  for (const { chain } of installed) chain.fill(0)
}
