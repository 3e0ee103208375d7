/** A new rollout from what somebody asks for: which boxes, in which order, how many at once. */
import { CausewayError } from '../model/errors.ts'
import type { FleetDocument } from '../model/fleet.ts'
import { mostWave, type Rollout, type RolloutBody, type RolloutBox } from '../model/rollout.ts'
import type { Edge } from './edges.ts'
import type { KeptRollout } from './rollouts.ts'

export interface RolloutStart {
  readonly id: string
  readonly by: string
  readonly edges: readonly Edge[]
  readonly documents: readonly FleetDocument[]
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

const usualSoakMinutes = 10
const minuteMs = 60_000
/** Who has not come in that time is left out. */
const mostMs = 30 * 24 * 60 * minuteMs

/** @throws FLEET_REFERENCE a site has no box, or no such canary is among them; API_INVALID there is nobody to tell */
export function newRollout(
  { version, sites, canaries = [], wave, soakMinutes = usualSoakMinutes, hours }: RolloutBody,
  { id, by, edges, documents, nowMs }: RolloutStart,
): Pick<KeptRollout, 'rollout' | 'boxes'> {
  const named = sites === undefined ? null : new Set(sites)
  const chosen = edges.filter(({ site }) => named?.has(site) ?? true)
  const stands = new Set(chosen.map(({ site }) => site))
  refuseUnknown(sites ?? [], stands, '/sites', 'there is no box at')
  refuseUnknown(canaries, stands, '/canaries', 'there is no box of this rollout at')
  if (chosen.length === 0) throw new CausewayError('API_INVALID', 'there are no boxes yet')
  const hubs = new Set(
    documents.flatMap((one) => (one.kind === 'site' && one.role === 'hub' ? [one.name] : [])),
  )
  const first = new Set(canaries)
  const boxes = chosen.map(({ deviceId, site }): RolloutBox => {
    const facts = { deviceId, site, isCanary: first.has(site), isHub: hubs.has(site) }
    return { ...facts, phase: 'waits', sinceMs: nowMs, awayMs: null, why: null, before: null }
  })
  const rollout: Rollout = {
    ...{ id, version, state: 'running', why: null, by, hours: hours ?? null },
    wave: wave ?? Math.min(mostWave, Math.ceil(boxes.length / 10)),
    soakMs: soakMinutes * minuteMs,
    ...{ startedMs: nowMs, untilMs: nowMs + mostMs, isPastCanaries: canaries.length === 0 },
  }
  return { rollout, boxes }
}

function refuseUnknown(
  names: readonly string[],
  known: ReadonlySet<string>,
  path: string,
  words: string,
): void {
  const other = names.find((name) => !known.has(name))
  if (other === undefined) return
  throw new CausewayError('FLEET_REFERENCE', `${words} ${other}`, { path })
}
