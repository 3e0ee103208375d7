/**
 * The `tenant` of a network document, which boxes tell networks apart by, is one tenant's alone: `network/UUID` in the store says
 * whose, written in the commit of the document itself.
 */
import type { Commit, Store } from '../host/store/store.ts'
import type { FleetDocument, FleetNetwork } from '../model/fleet.ts'
import { type FleetProblem, nameOf } from '../plan/fleet-documents.ts'

/** Null: it is nobody else's. */
export async function takenNetwork(
  store: Store,
  tenant: string,
  documents: readonly FleetDocument[],
): Promise<FleetProblem | null> {
  const network = networkOf(documents)
  if (network === undefined) return null
  const there = await store.get(networkKey(network))
  if (there === null || there.value === tenant) return null
  const message = 'another network of this controller has this one: make one of your own'
  return { code: 'FLEET_DUPLICATE', message, path: '/tenant', document: nameOf(network) }
}

/** What is written with a change of documents. It was looked at before that it is nobody else's. */
export async function networkCommit(
  store: Store,
  tenant: string,
  before: readonly FleetDocument[],
  after: readonly FleetDocument[],
): Promise<Commit> {
  const [was, is] = [before, after].map((documents) => {
    const network = networkOf(documents)
    return network === undefined ? null : networkKey(network)
  })
  const parts: Commit[] = []
  for (const key of new Set([was, is])) {
    if (key === null || key === undefined) continue
    const there = await store.get(key)
    const isOwn = there === null || there.value === tenant
    const value = key === is ? tenant : null
    // Of another one since: the condition fails.
    const revision = isOwn || key !== is ? (there?.revision ?? 0) : 0
    const isToChange = value === null ? there?.value === tenant : there?.value !== tenant
    parts.push({ conditions: [{ key, revision }], changes: isToChange ? [{ key, value }] : [] })
  }
  return {
    conditions: parts.flatMap(({ conditions }) => conditions),
    changes: parts.flatMap(({ changes }) => changes),
  }
}

function networkOf(documents: readonly FleetDocument[]): FleetNetwork | undefined {
  return documents.find((one): one is FleetNetwork => one.kind === 'network')
}

function networkKey({ tenant }: FleetNetwork): string {
  return `network/${tenant.toLowerCase()}`
}
