/** What a rollout has done, as a tenant's log tells it. */
import type { Rollout, RolloutBox } from '../model/rollout.ts'
import { isOver } from '../plan/rollout-box.ts'
import type { AuditEvent } from './audit.ts'

/** It halts, or is done, by itself. */
export function haltEvent({ version, state, why }: Rollout): AuditEvent {
  const event = { who: 'controller', target: `rollout/${version}` }
  if (state === 'done' || why === null) return { ...event, what: `rollout.${state}`, code: null }
  const { code, site, message } = why
  return { ...event, what: 'rollout.halt', code, detail: `site/${site}: ${message}` }
}

/** Null: it is not over for this box. */
export function overEvent({ version }: Rollout, box: RolloutBox): AuditEvent | null {
  const { deviceId, site, phase, why } = box
  if (!isOver(phase)) return null
  const event = { who: `device/${deviceId}`, what: 'edge.update', target: `site/${site}` }
  if (phase === 'done') return { ...event, code: null, detail: `runs ${version}` }
  return { ...event, code: why?.code ?? null, detail: `${version}: ${phase}: ${why?.message}` }
}
