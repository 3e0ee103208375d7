/** Sites whose documents name a box that another tenant has. Such a box stands nowhere here; somebody should know. */
import type { Store } from '../host/store/store.ts'
import type { FleetDocument, FleetSite } from '../model/fleet.ts'
import { readFleetDocument } from '../model/fleet-check.ts'
import { type FleetProblem, nameOf } from '../plan/fleet-documents.ts'
import { readEdge } from './edges.ts'

/** Sites that are looked at; of a fleet with more there is enough to mend. */
const mostLookedAt = 200

/**
 * The same of documents that somebody wants to put, as they came: only of sites that do not name that box already.
 * @param before what is there
 */
export function foreignBoxesAsked(
  store: Store,
  tenant: string,
  documents: readonly unknown[],
  before: readonly FleetDocument[],
): Promise<FleetProblem[]> {
  const named = new Map(
    before.flatMap((one) => (one.kind === 'site' ? [[one.name, one.edge]] : [])),
  )
  const sites = documents.flatMap((value) => {
    const { document } = readFleetDocument(value)
    return document?.kind === 'site' && document.edge !== named.get(document.name) ? [document] : []
  })
  return foreignBoxes(store, tenant, sites)
}

/** One that another tenant has only claimed ahead is not looked upon as theirs: it may never call. */
export async function foreignBoxes(
  store: Store,
  tenant: string,
  sites: readonly Pick<FleetSite, 'kind' | 'name' | 'edge'>[],
): Promise<FleetProblem[]> {
  const problems: FleetProblem[] = []
  for (const site of sites.slice(0, mostLookedAt)) {
    const box = site.edge === undefined ? null : await readEdge(store, site.edge)
    if (box === null || box.tenant === tenant || box.wireKey === null) continue
    const message = 'this box is of another owner: it is told nothing from here'
    const document = nameOf(site)
    problems.push({ code: 'FLEET_BOX_FOREIGN', message, path: '/edge', document })
  }
  return problems
}
