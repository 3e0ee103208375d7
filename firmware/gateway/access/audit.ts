/**
 * Who did what on this box, and who was not let in: kept in the store under `audit/NUMBER` and in memory, bounded. What strangers try
 * has room of its own, so that it drives out nothing that was done; of more at once than is told, the number is.
 */
import { entriesBelow } from '../../host/store/entries-below.ts'
import type { Change, Store } from '../../host/store/store.ts'
import type { LocalAuditEntry } from '../../model/local-api-access.ts'
import { openBucket } from '../../plan/rate-limit.ts'

const prefix = 'audit/'
const numberDigits = 12
/** Kept, of each kind. */
const most = { done: 1_000, tried: 500 } as const
type Kind = keyof typeof most
/** Of what strangers try. */
const triedRate = { perSecond: 0.2, burst: 50 }
const mostText = 128
const pageEntries = 100

export type AuditEvent = Omit<LocalAuditEntry, 'number' | 'at' | 'more'>

interface KeptEntry extends LocalAuditEntry {
  readonly kind: Kind
}

export interface AuditParts {
  readonly store: Store
  readonly wallMs: () => number
  readonly onFault: (error: unknown) => void
}

export interface Audit {
  /** Something was done by somebody who is known, or failed. */
  readonly done: (event: AuditEvent) => void
  /** Somebody was not let in. */
  readonly tried: (event: AuditEvent) => void
  /** Newest first. @param before its number; null: from the newest on */
  readonly page: (before: number | null) => LocalAuditEntry[]
}

/** @throws STORE_ errors */
export async function openAudit({ store, wallMs, onFault }: AuditParts): Promise<Audit> {
  /** In order. */
  const entries: KeptEntry[] = []
  for await (const { value } of entriesBelow(store, prefix)) {
    entries.push(JSON.parse(value) as KeptEntry)
  }
  let number = entries.at(-1)?.number ?? 0
  const room = openBucket(triedRate, wallMs())
  let untold = 0
  const drop = (kind: Kind): Change[] => {
    const own = entries.filter((entry) => entry.kind === kind)
    const gone = own.slice(0, Math.max(0, own.length - most[kind]))
    for (const entry of gone) entries.splice(entries.indexOf(entry), 1)
    return gone.map((entry) => ({ key: keyOf(entry.number), value: null }))
  }
  const keep = (kind: Kind, event: AuditEvent, more: number): void => {
    number++
    const at = new Date(wallMs()).toISOString()
    const short = Object.fromEntries(
      Object.entries(event).map(([name, text]) => [name, text?.slice(0, mostText) ?? null]),
    ) as unknown as AuditEvent
    const entry: KeptEntry = { ...short, number, at, more, kind }
    entries.push(entry)
    const changes = [{ key: keyOf(number), value: JSON.stringify(entry) }, ...drop(kind)]
    store.commit({ conditions: [], changes }).catch(onFault)
  }
  return {
    done: (event) => keep('done', event, 0),
    tried: (event) => {
      if (!room.take(wallMs())) {
        untold++
        return
      }
      keep('tried', event, untold)
      untold = 0
    },
    page: (before) =>
      entries
        .filter((entry) => before === null || entry.number < before)
        .slice(-pageEntries)
        .toReversed()
        .map(({ kind: _kind, ...entry }) => entry),
  }
}

function keyOf(number: number): string {
  return `${prefix}${String(number).padStart(numberDigits, '0')}`
}
