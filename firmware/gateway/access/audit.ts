/**
 * Who did what on this box, and who was not let in: kept in the store under `audit/NUMBER` and in memory, bounded. What was refused or
 * failed has room of its own, so that it drives out nothing that was done, and of more of one name at once than is told, the number is.
 * In a full room whoever has the most makes room: nobody drives out what others did.
 */
import { entriesBelow } from '../../host/store/entries-below.ts'
import type { Change, Store } from '../../host/store/store.ts'
import type { LocalAuditEntry } from '../../model/local-api-access.ts'
import { openSourceBuckets } from '../../plan/rate-limit.ts'

const prefix = 'audit/'
const numberDigits = 12
/** Kept, of each kind. */
const most = { done: 1_000, tried: 500 } as const
type Kind = keyof typeof most
/** Of what one name tries. */
const triedRate = { perSecond: 0.2, burst: 50 }
/** Users, tokens, strangers: those that are remembered. */
const mostNames = 160
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
  /** Something was done. */
  readonly done: (event: AuditEvent) => void
  /** Somebody was not let in, or it failed. */
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
  const measures = openSourceBuckets(triedRate, mostNames)
  /** By name. */
  const untold = new Map<string, number>()
  const drop = (kind: Kind): Change[] => {
    const own = entries.filter((entry) => entry.kind === kind)
    if (own.length <= most[kind]) return []
    const gone = oldestOfMost(own)
    entries.splice(entries.indexOf(gone), 1)
    return [{ key: keyOf(gone.number), value: null }]
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
      const { who } = event
      const before = untold.get(who) ?? 0
      untold.delete(who)
      if (measures.take(who, wallMs())) {
        keep('tried', event, before)
        return
      }
      if (untold.size >= mostNames) untold.delete(untold.keys().next().value!)
      untold.set(who, before + 1)
    },
    page: (before) =>
      entries
        .filter((entry) => before === null || entry.number < before)
        .slice(-pageEntries)
        .toReversed()
        .map(({ kind: _kind, ...entry }) => entry),
  }
}

/** The oldest entry of whoever has the most. */
function oldestOfMost(entries: readonly KeptEntry[]): KeptEntry {
  const counts = new Map<string, number>()
  for (const { who } of entries) counts.set(who, (counts.get(who) ?? 0) + 1)
  const highest = Math.max(...counts.values())
  return entries.find(({ who }) => counts.get(who) === highest)!
}

function keyOf(number: number): string {
  return `${prefix}${String(number).padStart(numberDigits, '0')}`
}
