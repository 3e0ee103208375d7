/** What must be in a controller's store, and what is: looked at while no controller runs on it. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readAudit } from '../../../firmware/controller/audit.ts'
import { openLevelTable } from '../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { mostPage, type Store } from '../../../firmware/host/store/store.ts'
import { parseInterfaceAddress } from '../../../firmware/model/address.ts'
import { overlapsAmong } from '../../../firmware/plan/ipam.ts'
import { proveAudit } from '../../lab/audit-proof.ts'
import { tenant } from './many-edges.ts'
import type { Wanted, Writer } from './writers.ts'

export interface StoreBook {
  /** What is not as it was acknowledged. */
  readonly lost: readonly string[]
  /** Networks that two have, or that changed hands. */
  readonly misgiven: number
  readonly given: number
  readonly breaks: number
  readonly entries: number
  look(writers: readonly Writer[]): Promise<void>
  /** Spoils the store, to see that it would be noticed. */
  plant(fault: string, writers: readonly Writer[]): Promise<void>
}

export function newBook(folder: string): StoreBook {
  const lost: string[] = []
  const given = new Map<string, string>()
  const told = new Map<string, number>()
  const book = { lost, misgiven: 0, given: 0, breaks: 0, entries: 0 }
  const open = async (): Promise<Store> => openStore(await openLevelTable(folder))
  return Object.assign(book, {
    look: async (writers: readonly Writer[]) => {
      await using store = await open()
      for (const { wanted } of writers) lost.push(...(await missingOf(store, wanted)))
      book.misgiven += await misgivenOf(store, given)
      book.given = given.size
      const { brokenAt } = await proveAudit(store, tenant)
      if (brokenAt !== null) book.breaks++
      book.entries = await readTold(store, book.entries, told)
      for (const writer of writers) {
        for (const [target, count] of writer.told) {
          if ((told.get(target) ?? 0) < count) lost.push(`an entry of the log about ${target}`)
        }
      }
    },
    plant: async (fault: string, writers: readonly Writer[]) => {
      if (fault === 'broken') {
        rmSync(join(folder, 'CURRENT'))
        return
      }
      await using store = await open()
      if (fault === 'forget') await forget(store, writers)
      else await plantIn(store, fault)
    },
  })
}

async function missingOf(store: Store, wanted: ReadonlyMap<string, Wanted>): Promise<string[]> {
  const missing: string[] = []
  for (const [key, { acknowledged, asked }] of wanted) {
    const entry = await store.get(key.startsWith('edge/') ? key : `${tenant}/${key}`)
    const isThere =
      entry === null
        ? acknowledged === null
        : [acknowledged, ...asked].some((text) => text !== null && entry.value.includes(text))
    if (!isThere) missing.push(key)
  }
  return missing
}

async function misgivenOf(store: Store, given: Map<string, string>): Promise<number> {
  const prefix = `${tenant}/alloc/`
  let wrong = 0
  const holders = []
  for (const { key, value } of (await store.range({ prefix, limit: mostPage })).entries) {
    const name = key.slice(prefix.length)
    if ((given.get(name) ?? value) !== value) wrong++
    given.set(name, value)
    if (name.startsWith('lan/')) {
      holders.push({ holder: name, prefix: parseInterfaceAddress(value)! })
    }
  }
  const gone = [...given.keys()].length - holders.length
  return wrong + overlapsAmong(holders).length + Math.max(0, gone - vnis(given))
}

function vnis(given: ReadonlyMap<string, string>): number {
  return [...given.keys()].filter((name) => name.startsWith('vni/')).length
}

/** @returns how many entries have been read by now */
async function readTold(store: Store, after: number, told: Map<string, number>): Promise<number> {
  for (let last = after; ; ) {
    const { entries } = await readAudit(store, tenant, last)
    for (const { target, detail = '' } of entries) {
      for (const name of [target, ...(detail.match(/(policy|site)\/[\w-]+/g) ?? [])]) {
        told.set(name, (told.get(name) ?? 0) + 1)
      }
    }
    last += entries.length
    if (entries.length < mostPage) return last
  }
}

/** Something that was acknowledged. */
async function forget(store: Store, writers: readonly Writer[]): Promise<void> {
  const [key] = writers.flatMap(({ wanted }) =>
    [...wanted].flatMap(([name, { acknowledged }]) => (acknowledged === null ? [] : [name])),
  )
  const whole = key!.startsWith('edge/') ? key! : `${tenant}/${key}`
  await store.commit({ conditions: [], changes: [{ key: whole, value: null }] })
}

async function plantIn(store: Store, fault: string): Promise<void> {
  const first = async (prefix: string) => (await store.range({ prefix })).entries[0]!
  if (fault === 'chain') {
    const { key, value } = await first(`${tenant}/audit/`)
    const changed = value.replace('"who":"', '"who":"not ')
    await store.commit({ conditions: [], changes: [{ key, value: changed }] })
  } else if (fault === 'twice') {
    const { value } = await first(`${tenant}/alloc/lan/`)
    const change = { key: `${tenant}/alloc/lan/other/lan0/shops`, value }
    await store.commit({ conditions: [], changes: [change] })
  }
}
