/** How far one box of a rollout is, by what it says and how long ago; whatever it does or does not do, it is over with it in the end. Pure. */
import type { FirmwareState, OrderPhase } from '../model/firmware-order.ts'
import type { BoxHealth, BoxPhase, Rollout, RolloutBox } from '../model/rollout.ts'

/** A box of the tenant that has a link, whether the rollout is for it or not. */
export interface SeenBox {
  /** How long it has had this link. */
  readonly linkMs: number
  /** By this link; null: nothing. */
  readonly said: FirmwareState | null
  readonly health: BoxHealth | null
  /** How long it has been as well or as unwell. */
  readonly healthMs: number
  /** What it was told last by this link, and how long ago: an order, or null, that there is none; null: nothing. */
  readonly told: { readonly order: string | null; readonly ms: number } | null
}

export interface RolloutFacts {
  /** By device id. */
  readonly seen: ReadonlyMap<string, SeenBox>
  /** Boxes that the tenant has. */
  readonly owned: ReadonlySet<string>
  /** Of which there is a file of the version. */
  readonly architectures: ReadonlySet<string>
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

const minuteMs = 60_000
/** A box that has not spoken of firmware by then knows nothing of orders. */
const speechlessMs = minuteMs
/** Who is away for longer while it has only begun lets another go, and begins anew when it is back. */
const leftMs = 10 * minuteMs
/** After that nobody waits for a word. */
const silentMs = 30 * minuteMs
/** Of who waits for its hours. */
const dayMs = 26 * 60 * minuteMs
/** Peers and leases take their time after a start. */
const unwellMs = 3 * minuteMs

/** How long a phase may last by a link. A download goes slowly on purpose, and begins anew by itself. */
const mostMs: Partial<Readonly<Record<BoxPhase, number>>> = {
  ...{ told: silentMs, downloading: dayMs, installing: 2 * silentMs, installed: dayMs },
  ...{ restarting: silentMs, proving: silentMs },
}

const over: ReadonlySet<BoxPhase> = new Set([
  ...(['done', 'went-back', 'refused', 'unwell', 'silent', 'passed-over', 'away'] as const),
])
const failures: ReadonlySet<BoxPhase> = new Set(['went-back', 'refused', 'unwell', 'silent'])

/** Nothing more comes of it. */
export function isOver(phase: BoxPhase): boolean {
  return over.has(phase)
}

export function isFailed(phase: BoxPhase): boolean {
  return failures.has(phase)
}

/** The same object where nothing is new. */
export function followBox(rollout: Rollout, box: RolloutBox, facts: RolloutFacts): RolloutBox {
  if (isOver(box.phase)) return box
  const { seen, owned, nowMs } = facts
  if (!owned.has(box.deviceId)) {
    return ended(box, 'passed-over', nowMs, 'ZTP_RELEASED', 'it is no longer of this tenant')
  }
  if (box.phase === 'waits' && rollout.state === 'running' && nowMs >= rollout.untilMs) {
    return ended(box, 'away', nowMs, 'UPDATE_SILENT', 'its turn did not come')
  }
  const here = seen.get(box.deviceId)
  if (here === undefined) return followAway(box, nowMs)
  const back = box.awayMs === null ? box : { ...box, awayMs: null }
  if (here.said === null) return followSpeechless(rollout, back, here, nowMs)
  return followSaid(rollout, back, here, here.said, facts)
}

/** It starts anew for nothing while it has no link, and is told again when it is back. */
function followAway(box: RolloutBox, nowMs: number): RolloutBox {
  const { phase } = box
  if (phase === 'waits') return box
  if (box.awayMs === null) return { ...box, awayMs: nowMs }
  const awayMs = nowMs - box.awayMs
  const isBegun = phase === 'told' || phase === 'downloading'
  if (isBegun) return awayMs < leftMs ? box : turned(box, 'waits', nowMs)
  const most = phase === 'installing' || phase === 'installed' ? dayMs : silentMs
  return awayMs < most ? box : silent(box, nowMs, `nothing was heard of it while ${phase}`)
}

function followSpeechless(rollout: Rollout, box: RolloutBox, here: SeenBox, nowMs: number) {
  if (here.linkMs < speechlessMs) return box
  if (box.phase !== 'waits') return late(box, nowMs)
  if (rollout.state !== 'running') return box
  return ended(box, 'passed-over', nowMs, 'UPDATE_UNSUPPORTED', 'its program knows no rollouts')
}

function followSaid(
  rollout: Rollout,
  box: RolloutBox,
  here: SeenBox,
  said: FirmwareState,
  facts: RolloutFacts,
): RolloutBox {
  const { nowMs } = facts
  const isMine = said.order === rollout.id
  if (isMine && (said.phase === 'went-back' || said.phase === 'refused')) {
    const { code, message, phase } = said
    return ended(box, phase as BoxPhase, nowMs, code ?? 'UPDATE_REFUSED', message)
  }
  if (box.phase === 'soaking') return soak(rollout, box, here, said, nowMs)
  if (said.running === rollout.version && said.isProven) {
    // Who ran it before anybody told it shows nothing.
    return turned(box, box.before === null ? 'done' : 'soaking', nowMs)
  }
  if (box.phase === 'waits') return followWaiting(rollout, box, said, facts)
  const phase = isMine ? phases[said.phase] : undefined
  return phase === undefined || phase === box.phase ? late(box, nowMs) : turned(box, phase, nowMs)
}

/** As the box says it. */
const phases: Partial<Readonly<Record<OrderPhase, BoxPhase>>> = {
  ...{ downloading: 'downloading', installing: 'installing', installed: 'installed' },
  ...{ restarting: 'restarting', proving: 'proving' },
}

function followWaiting(
  { id, state }: Rollout,
  box: RolloutBox,
  { order, phase, isSupported, architecture }: FirmwareState,
  { architectures, nowMs }: RolloutFacts,
): RolloutBox {
  // It began before it could be called off.
  const isBegun = order === id && (phase === 'restarting' || phase === 'proving')
  if (isBegun) return turned(box, phase, nowMs)
  if (state !== 'running') return box
  const pass = (message: string): RolloutBox =>
    ended(box, 'passed-over', nowMs, 'UPDATE_UNSUPPORTED', message)
  if (!isSupported) return pass('it has no slots for firmware')
  if (!architectures.has(architecture)) return pass(`there is no file for ${architecture}`)
  return box
}

function soak(
  { version, soakMs }: Rollout,
  box: RolloutBox,
  here: SeenBox,
  said: FirmwareState,
  nowMs: number,
): RolloutBox {
  if (said.running !== version) {
    return ended(box, 'went-back', nowMs, 'UPDATE_WENT_BACK', `it runs ${said.running} again`)
  }
  const ageMs = nowMs - box.sinceMs
  const isWorse = isWorseThan(box.before?.health ?? null, here.health)
  const worseMs = here.health === null ? here.linkMs : here.healthMs
  if (isWorse && Math.min(worseMs, ageMs) >= unwellMs) {
    return ended(box, 'unwell', nowMs, 'UPDATE_UNWELL', 'it is worse off than before')
  }
  return isWorse || ageMs < soakMs ? box : turned(box, 'done', nowMs)
}

/** A box that was well and says nothing is worse off. What was not known before cannot have become worse. */
function isWorseThan(before: BoxHealth | null, now: BoxHealth | null): boolean {
  if (before === null) return false
  if (now === null) return true
  if (before.isHealthy || now.isHealthy) return before.isHealthy && !now.isHealthy
  return now.problems > before.problems
}

function late(box: RolloutBox, nowMs: number): RolloutBox {
  const most = mostMs[box.phase]
  if (most === undefined || nowMs - box.sinceMs < most) return box
  return silent(box, nowMs, `it got no further than ${box.phase}`)
}

function silent(box: RolloutBox, nowMs: number, message: string): RolloutBox {
  return ended(box, 'silent', nowMs, 'UPDATE_SILENT', message)
}

function turned(box: RolloutBox, phase: BoxPhase, nowMs: number): RolloutBox {
  return box.phase === phase ? box : { ...box, phase, sinceMs: nowMs, awayMs: null }
}

function ended(
  box: RolloutBox,
  phase: BoxPhase,
  nowMs: number,
  code: string,
  message: string,
): RolloutBox {
  return { ...turned(box, phase, nowMs), why: { code, message } }
}
