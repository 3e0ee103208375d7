/**
 * A change of a tenant's documents: what it would do to each document and to each box is shown before it is done, and it is done
 * as a whole or not at all: one commit, however many documents. One that brings problems is refused; those that were there before are no reason to.
 */
import { sha256 } from '../host/system/digest.ts'
import { type Difference, diffConfigs, isEqual } from '../model/config-diff.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError, type ErrorBody } from '../model/errors.ts'
import type { FleetDocument } from '../model/fleet.ts'
import { readFleetDocument } from '../model/fleet-check.ts'
import type { FleetPlanner } from '../plan/fleet.ts'
import { byKind, crowds, type FleetProblem, nameOf } from '../plan/fleet-documents.ts'
import { gatherProblems } from '../plan/fleet-origin.ts'
import { type FleetWarning, fleetWarnings } from '../plan/fleet-warning.ts'
import { commitAudited } from './audit.ts'
import { changeInTurn, lookInTurn } from './change-queue.ts'
import { documentChange, type FleetState } from './fleet.ts'
import { type Fleets, planSites } from './fleets.ts'
import { networkCommit, takenNetwork } from './network-key.ts'

export interface AskedChange {
  readonly documents: readonly unknown[]
  /** What is not among them is taken away. */
  readonly isWhole: boolean
  /** Of the plan that somebody has seen: another is not done. */
  readonly digest?: string
}

export interface DocumentChange {
  /** `site/berlin` */
  readonly document: string
  readonly action: 'add' | 'change' | 'remove'
}

export interface SiteChange {
  readonly site: string
  readonly differences: readonly Difference[]
  /** Id of the box that stands there, where the site is taken away. */
  readonly leftBox?: string
}

export interface ChangePlan {
  readonly documents: readonly DocumentChange[]
  readonly sites: readonly SiteChange[]
  /** Those that the change brings. */
  readonly problems: readonly FleetProblem[]
  /** What cannot work in the documents as they will be, and is no reason to refuse them. */
  readonly warnings: readonly FleetWarning[]
  /** SHA-256 of what stands above: two plans that do the same have the same. */
  readonly digest: string
}

/** Sites of which all differences are told; the others are counted. */
const mostSitesTold = 200
const mostDifferencesTold = 50

interface Planned extends ChangePlan {
  readonly state: FleetState
  readonly after: readonly FleetDocument[]
}

/** @throws CONFIG_INVALID documents are malformed: `errors` says which and where; FLEET_TOO_MANY; API_BUSY */
export async function planChange(
  fleets: Fleets,
  tenant: string,
  asked: AskedChange,
): Promise<ChangePlan> {
  const { state, after, ...planned } = await lookInTurn(fleets, tenant, () =>
    plan(fleets, tenant, asked, 'look'),
  )
  return planned
}

/** @throws as `planChange`; FLEET_ errors that it brings; STORE_CONFLICT somebody else changed a document meanwhile */
export async function applyChange(
  fleets: Fleets,
  tenant: string,
  asked: AskedChange,
  who: string,
  nowMs: number,
): Promise<ChangePlan> {
  const { revisions } = await fleets.read(tenant)
  return changeInTurn(fleets, tenant, () => apply(fleets, tenant, asked, { who, nowMs, revisions }))
}

interface Asking {
  readonly who: string
  readonly nowMs: number
  /** Of the documents as they were when this was asked: what others before it change meanwhile is a conflict. */
  readonly revisions: FleetState['revisions']
}

async function apply(
  fleets: Fleets,
  tenant: string,
  asked: AskedChange,
  { who, nowMs, revisions }: Asking,
): Promise<ChangePlan> {
  const planned = await plan(fleets, tenant, asked, 'plan')
  const { state, after, ...change } = planned
  const { documents, problems } = change
  const [first] = problems
  if (first !== undefined) {
    const errors = problems.map(({ document, path = '', ...rest }) => ({
      ...rest,
      path: `${document}${path}`,
    }))
    const message = `${first.document}: ${first.message}`
    throw new CausewayError(first.code, message, { errors })
  }
  if (asked.digest !== undefined && asked.digest !== change.digest) {
    const message =
      'it would do something else now than what was planned: somebody changed it meanwhile'
    throw new CausewayError('STORE_CONFLICT', message)
  }
  if (documents.length === 0) return change
  const byName = new Map(after.map((one) => [nameOf(one), one]))
  const changes = documents.map(({ document }) =>
    documentChange(tenant, document, byName.get(document) ?? null),
  )
  const conditions = documents.map(({ document }, at) => ({
    key: changes[at]!.key,
    revision: revisions.get(document) ?? 0,
  }))
  const names = documents.slice(0, 5).map(({ document, action }) => `${action} ${document}`)
  const more = documents.length > 5 ? ` and ${documents.length - 5} more` : ''
  const detail = names.join(', ') + more
  const event = { who, what: 'fleet.apply', target: tenant, code: null, detail }
  const own = await networkCommit(fleets.store, tenant, state.documents, after)
  const commit = {
    conditions: [...conditions, ...own.conditions],
    changes: [...changes, ...own.changes],
  }
  await commitAudited(fleets.store, tenant, event, commit, nowMs)
  return change
}

/** @param as whether what comes out is looked at, or may be done */
async function plan(
  fleets: Fleets,
  tenant: string,
  { documents: raw, isWhole }: AskedChange,
  as: 'look' | 'plan',
): Promise<Planned> {
  const given = readAll(raw)
  const state = await fleets.read(tenant)
  const before = new Map(state.documents.map((one) => [nameOf(one), one]))
  const after = new Map(isWhole ? [] : before)
  for (const one of given) after.set(nameOf(one), one)
  refuseCrowds([...after.values()])
  const documents: DocumentChange[] = []
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [one, other] = [before.get(name), after.get(name)]
    if (one === undefined) documents.push({ document: name, action: 'add' })
    else if (other === undefined) documents.push({ document: name, action: 'remove' })
    else if (!isEqual(one, other)) documents.push({ document: name, action: 'change' })
  }
  const was = await planAll(fleets.plan(tenant, state, state.documents))
  const will = await planAll(fleets[as](tenant, state, [...after.values()]))
  const known = new Set(was.problems.map(keyOf))
  const sites = siteChanges(was.sites, will.sites)
  const changed = new Set(documents.map(({ document }) => document))
  const taken = await takenNetwork(fleets.store, tenant, [...after.values()])
  const problems = [...(taken === null ? [] : [taken]), ...will.problems]
    .filter((problem) => !known.has(keyOf(problem)))
    .map((problem) => sideOf(problem, changed))
  const digest = sha256(JSON.stringify([documents, sites, problems]))
  const warnings = fleetWarnings([...after.values()])
  return { documents, sites, problems, warnings, digest, state, after: [...after.values()] }
}

/** What is too much is not planned. @throws FLEET_TOO_MANY */
function refuseCrowds(all: readonly FleetDocument[]): void {
  const errors = crowds(byKind(all)).map(({ document, ...rest }) => ({ ...rest, path: document }))
  const first = errors.find(({ code }) => code === 'FLEET_TOO_MANY')
  if (first === undefined) return
  const told = errors.slice(0, 100)
  throw new CausewayError(first.code, `${first.path}: ${first.message}`, { errors: told })
}

async function planAll(
  planner: FleetPlanner,
): Promise<{ sites: readonly Sited[]; problems: readonly FleetProblem[] }> {
  const sites = await planSites(planner)
  const own = sites.flatMap(({ problems }) => problems)
  return { sites, problems: gatherProblems([...planner.problems, ...own]) }
}

/** What is about two documents is told of the one that is changed. */
function sideOf({ mirror, ...problem }: FleetProblem, changed: ReadonlySet<string>): FleetProblem {
  const isOther = mirror !== undefined && changed.has(mirror.document)
  return isOther && !changed.has(problem.document) ? mirror : problem
}

function keyOf({ code, document, path = '' }: FleetProblem): string {
  return `${code} ${document} ${path}`
}

interface Sited {
  readonly site: string
  readonly deviceId: string | null
  readonly config: DeviceConfig | null
}

function siteChanges(was: readonly Sited[], will: readonly Sited[]): SiteChange[] {
  const before = new Map(was.map(({ site, config }) => [site, config]))
  const after = new Map(will.map(({ site, config }) => [site, config]))
  const placed = new Set(will.map(({ deviceId }) => deviceId))
  const boxes = new Map(was.map(({ site, deviceId }) => [site, deviceId]))
  const changes: SiteChange[] = []
  for (const site of new Set([...after.keys(), ...before.keys()])) {
    const [one, other] = [before.get(site) ?? undefined, after.get(site) ?? undefined]
    const box = after.has(site) ? null : (boxes.get(site) ?? null)
    const leftBox = box === null || placed.has(box) ? null : box
    if (isEqual(one, other) && leftBox === null) continue
    const isTold = changes.length < mostSitesTold
    const differences = isTold ? diffConfigs(one, other).slice(0, mostDifferencesTold) : []
    changes.push({ site, differences, ...(leftBox === null ? {} : { leftBox }) })
  }
  return changes
}

/** @throws CONFIG_INVALID */
function readAll(raw: readonly unknown[]): FleetDocument[] {
  const documents: FleetDocument[] = []
  const errors: ErrorBody[] = []
  const seen = new Set<string>()
  for (const [at, value] of raw.entries()) {
    const { document, errors: wrong } = readFleetDocument(value)
    errors.push(
      ...wrong.map((error) => ({ ...error, path: `/documents/${at}${error.path ?? ''}` })),
    )
    if (document === null) continue
    const name = nameOf(document)
    if (seen.has(name)) {
      const message = `there are two of ${name}`
      errors.push({ code: 'FLEET_DUPLICATE', message, path: `/documents/${at}/name` })
    }
    seen.add(name)
    documents.push(document)
  }
  const [first] = errors
  if (first === undefined) return documents
  const told = errors.slice(0, 100)
  throw new CausewayError(first.code, first.message, { path: first.path, errors: told })
}
