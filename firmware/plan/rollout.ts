/**
 * Rollouts of firmware: from what a rollout is, what its boxes say and what time it is, whom to tell now, and whether it halts or is
 * done. Never more boxes than the wave are on their way; once one fails nobody else is told; all that is waited for has an end.
 * Pure: the same facts give the same answer, so a controller that begins anew goes on where the last one was.
 */
import type { OrderPhase } from '../model/firmware-order.ts'
import type { BoxPhase, Rollout, RolloutBox } from '../model/rollout.ts'
import { followBox, isFailed, isOver, type RolloutFacts, type SeenBox } from './rollout-box.ts'

export interface RolloutSteps {
  readonly rollout: Rollout
  /** Those that are no longer as they were. */
  readonly changed: readonly RolloutBox[]
  /** To be told the order: now, or once more. */
  readonly tell: readonly string[]
  /** To be told that there is none. */
  readonly callOff: readonly string[]
}

/** What went amiss with a word is said again after it. */
const againMs = 30_000
/** Nobody has started anew for it: it can be called off. */
const early: ReadonlySet<BoxPhase | OrderPhase> = new Set([
  ...(['told', 'downloading', 'installing', 'installed'] as const),
])

export function isUnderWay({ phase }: RolloutBox): boolean {
  return phase !== 'waits' && !isOver(phase)
}

export function planRollout(
  rollout: Rollout,
  boxes: readonly RolloutBox[],
  facts: RolloutFacts,
): RolloutSteps {
  const followed = boxes.map((box) => followBox(rollout, box, facts))
  const failed = followed.find((box, at) => isFailed(box.phase) && box.phase !== boxes[at]!.phase)
  const isOpen = rollout.state === 'running' || rollout.state === 'paused'
  const judged = failed !== undefined && isOpen ? haltedBy(rollout, failed) : rollout
  const next = isOpen && failed === undefined ? pastCanaries(judged, followed) : judged
  const after =
    next.state === 'running' ? letGo(next, followed, facts) : held(next, followed, facts)
  const isDone = next.state === 'running' && after.every(({ phase }) => isOver(phase))
  return {
    rollout: isDone ? { ...next, state: 'done' } : next,
    changed: after.filter((box, at) => box !== boxes[at]),
    ...wordsFor(next, after, facts),
  }
}

/** As somebody has it go on: who failed is left as it is, and canaries that are all over hold nobody back. */
export function resumed(rollout: Rollout, boxes: readonly RolloutBox[]): Rollout {
  const areOver = boxes.every(({ isCanary, phase }) => !isCanary || isOver(phase))
  return {
    ...{ ...rollout, state: 'running', why: null },
    isPastCanaries: rollout.isPastCanaries || areOver,
  }
}

function haltedBy(rollout: Rollout, { site, why }: RolloutBox): Rollout {
  const { code = '', message = '' } = why ?? {}
  return { ...rollout, state: 'halted', why: { code, message, site } }
}

/** Canaries that nobody could tell anything show nothing: that is no reason to go on. */
function pastCanaries(rollout: Rollout, boxes: readonly RolloutBox[]): Rollout {
  const canaries = boxes.filter(({ isCanary }) => isCanary)
  if (rollout.isPastCanaries || canaries.some(({ phase }) => !isOver(phase))) return rollout
  if (canaries.length === 0 || canaries.some(({ phase }) => phase === 'done')) {
    return { ...rollout, isPastCanaries: true }
  }
  const [{ site, why }] = canaries as [RolloutBox]
  const code = why?.code ?? 'UPDATE_UNSUPPORTED'
  return { ...rollout, state: 'halted', why: { code, message: 'no canary runs it', site } }
}

/** Whose turn it is goes, as far as there is room: canaries first, hubs last and one at a time. */
function letGo(
  rollout: Rollout,
  boxes: readonly RolloutBox[],
  { seen, nowMs }: RolloutFacts,
): RolloutBox[] {
  const underWay = boxes.filter(isUnderWay)
  let room = rollout.wave - underWay.length
  let hasHub = underWay.some(({ isHub }) => isHub)
  const turn = boxes
    .filter(({ phase, isCanary }) => phase === 'waits' && (isCanary || rollout.isPastCanaries))
    .toSorted((a, b) => rankOf(a) - rankOf(b))
  const going = new Map<string, RolloutBox>()
  for (const box of turn) {
    const here = seen.get(box.deviceId)
    if (room <= 0) break
    if (here === undefined || here.said === null || (box.isHub && hasHub)) continue
    const before = { running: here.said.running, health: here.health }
    going.set(box.deviceId, { ...box, phase: 'told', sinceMs: nowMs, awayMs: null, before })
    hasHub ||= box.isHub
    room--
  }
  return boxes.map((box) => going.get(box.deviceId) ?? box)
}

function rankOf({ isCanary, isHub }: RolloutBox): number {
  return (isCanary ? 0 : 2) + (isHub ? 1 : 0)
}

/** Nobody is told now: who has no order, or none any more, waits again. Who is away may have it still. */
function held({ id }: Rollout, boxes: readonly RolloutBox[], { seen, nowMs }: RolloutFacts) {
  return boxes.map((box): RolloutBox => {
    const said = seen.get(box.deviceId)?.said ?? null
    if (!early.has(box.phase) || said === null || said.order === id) return box
    return { ...box, phase: 'waits', sinceMs: nowMs, awayMs: null }
  })
}

/**
 * What boxes say, and were told by the links that they have now, is held against what they are to do: what was lost, or is of a rollout
 * before, is put right by it. By each link they are told anew: a box starts anew for nothing that it was not told by the one it has.
 */
function wordsFor(
  { id, state }: Rollout,
  boxes: readonly RolloutBox[],
  { seen }: RolloutFacts,
): Pick<RolloutSteps, 'tell' | 'callOff'> {
  const phases = new Map(boxes.map(({ deviceId, phase }) => [deviceId, phase]))
  const tell: string[] = []
  const callOff: string[] = []
  for (const [deviceId, { said, told }] of seen) {
    if (said === null) continue
    const phase = phases.get(deviceId)
    const isToGo = phase !== undefined && (early.has(phase) || phase === 'restarting')
    if (state === 'running' && isToGo) {
      const isLost = said.order !== id && (told?.ms ?? 0) >= againMs
      if (told?.order !== id || isLost) tell.push(deviceId)
    } else if (isAstray(phase, said.phase, told)) callOff.push(deviceId)
  }
  return { tell, callOff }
}

/** It is about to do what nobody wants of it now. */
function isAstray(phase: BoxPhase | undefined, says: OrderPhase, told: SeenBox['told']): boolean {
  const isOrdered = told !== null && told.order !== null
  if (isOrdered && (phase === 'waits' || (phase !== undefined && early.has(phase)))) return true
  return early.has(says) && (isOrdered || told === null || told.ms >= againMs)
}
