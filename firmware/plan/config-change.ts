/**
 * What becomes of a configuration that was handed in: applied, kept once somebody confirms it in time, otherwise
 * taken back. Pure: a state, an event, and what is to be done about it; time is an argument. One change at a time.
 */
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError } from '../model/errors.ts'
import { interfaceOf } from '../model/nic.ts'

/** A change with nobody to confirm it (`confirmSeconds` 0) must be in place within this. */
const applyMs = 20_000

export interface Change {
  readonly revision: number
  /** 0: confirmed by itself as soon as it is in place. */
  readonly confirmSeconds: number
  /** When it is taken back; counted from its beginning, so that applying is part of the time. */
  readonly deadlineMs: number
  /** `writing`: confirmed, and on its way to the disk. */
  readonly phase: 'applying' | 'waiting' | 'writing'
}

export type ChangeEvent =
  /** Machine and datapath are as it says. */
  | { readonly kind: 'applied' }
  /** They refused. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'written' }
  /** The disk refused; whoever confirmed has been told and may do so again. */
  | { readonly kind: 'unwritten' }
  | { readonly kind: 'rollback' }
  /** Time has passed. */
  | { readonly kind: 'tick' }

export interface ChangeStep {
  /** Null once it is over. */
  readonly change: Change | null
  /** `write`: make it what runs from now on, durably. `return`: go back to what was confirmed last. */
  readonly act: 'write' | 'return' | null
}

export interface Proposal {
  readonly revision: number
  readonly confirmSeconds: number
  /** The highest revision that was ever confirmed here, null for none. */
  readonly highestRevision: number | null
  /** Whether there is something to return to. */
  readonly hasFallback: boolean
}

/** @throws CONFIG_PENDING, CONFIG_REVISION_OLD, CONFIG_NO_FALLBACK */
export function beginChange(change: Change | null, proposal: Proposal, nowMs: number): Change {
  const { revision, confirmSeconds, highestRevision, hasFallback } = proposal
  if (change !== null) throw pending(change)
  if (highestRevision !== null && revision <= highestRevision) {
    const message = `must be above ${highestRevision}, which has been used here`
    throw new CausewayError('CONFIG_REVISION_OLD', message, { path: '/revision' })
  }
  if (!hasFallback && confirmSeconds > 0) {
    const message = 'nothing ran here before that could be returned to: apply it without a confirm'
    throw new CausewayError('CONFIG_NO_FALLBACK', message)
  }
  const deadlineMs = nowMs + (confirmSeconds === 0 ? applyMs : confirmSeconds * 1000)
  return { revision, confirmSeconds, deadlineMs, phase: 'applying' }
}

/** @throws CONFIG_NOT_PENDING and CONFIG_PENDING for a confirm or rollback that does not fit; nothing changes then */
export function stepChange(change: Change | null, event: ChangeEvent, nowMs: number): ChangeStep {
  if (change === null) {
    if (event.kind !== 'confirm' && event.kind !== 'rollback') return { change, act: null }
    throw new CausewayError('CONFIG_NOT_PENDING', 'no change waits to be confirmed')
  }
  const isLate = nowMs >= change.deadlineMs
  const stay: ChangeStep = { change, act: null }
  const giveUp: ChangeStep = { change: null, act: 'return' }
  switch (event.kind) {
    case 'applied':
      if (change.phase !== 'applying') return stay
      if (isLate) return giveUp
      return change.confirmSeconds === 0
        ? { change: { ...change, phase: 'writing' }, act: 'write' }
        : { change: { ...change, phase: 'waiting' }, act: null }
    case 'failed':
      return change.phase === 'applying' ? giveUp : stay
    case 'confirm':
      if (change.phase !== 'waiting') throw pending(change)
      return isLate ? giveUp : { change: { ...change, phase: 'writing' }, act: 'write' }
    case 'written':
      return change.phase === 'writing' ? { change: null, act: null } : stay
    case 'unwritten':
      if (change.phase !== 'writing') return stay
      if (isLate || change.confirmSeconds === 0) return giveUp
      return { change: { ...change, phase: 'waiting' }, act: null }
    case 'rollback':
      if (change.phase === 'writing') throw pending(change)
      return giveUp
    case 'tick':
      return isLate && change.phase !== 'writing' ? giveUp : stay
  }
}

/**
 * Which NICs a change fails for: those that are absent and that nobody here has counted on before. One that the confirmed
 * configuration names as well is not the change's fault.
 */
export function missingNics(
  absentNics: readonly string[],
  confirmed: DeviceConfig | null,
): readonly string[] {
  const ports = confirmed === null ? [] : [...confirmed.uplinks, ...confirmed.lans]
  const known = new Set(ports.map(({ nic }) => interfaceOf(nic)))
  return absentNics.filter((nic) => !known.has(nic))
}

/** Whole seconds until it is taken back, at least 0. */
export function remainingSeconds({ deadlineMs }: Change, nowMs: number): number {
  return Math.max(0, Math.ceil((deadlineMs - nowMs) / 1000))
}

function pending({ revision, phase }: Change): CausewayError {
  const what = {
    applying: 'is being applied',
    waiting: 'waits for its confirm',
    writing: 'is being made permanent',
  }
  return new CausewayError('CONFIG_PENDING', `revision ${revision} ${what[phase]}`)
}
