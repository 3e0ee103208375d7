/**
 * Signs out whoever may change something and has touched nothing for half an hour, and asks a minute before: the page asks the box
 * by itself, so the box never sees that nobody is there. A viewer's page may hang on a wall.
 */
import { signal } from '@preact/signals'
import { session, signOut, wasIdle } from './session.ts'

const idleMs = 30 * 60_000
export const idleAskedMs = 60_000
const lookMs = 1_000
const tellMs = 5_000
const touches = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const
/** A session is of all tabs: one that nobody sees does not end it while another is used. */
const key = 'causeway.touched'

/** When the last minute ends, by the wall clock; null: somebody is there. */
export const idleEndsAtMs = signal<number | null>(null)

/** @returns what ends it */
export function startIdle(): () => void {
  let touchedAtMs = Date.now()
  let toldAtMs = 0
  const onTouch = (): void => {
    touchedAtMs = Date.now()
    idleEndsAtMs.value = null
    if (touchedAtMs - toldAtMs < tellMs) return
    toldAtMs = touchedAtMs
    tell(touchedAtMs)
  }
  // By the wall clock: a computer that slept was not touched either.
  const timer = setInterval(() => {
    const { value } = session
    const isViewer = value.kind === 'signed-in' && value.role === 'viewer'
    const lastMs = Math.max(touchedAtMs, toldElsewhere())
    const restMs = lastMs + idleMs - Date.now()
    idleEndsAtMs.value = isViewer || restMs > idleAskedMs ? null : lastMs + idleMs
    if (isViewer || restMs > 0) return
    wasIdle.value = true
    void signOut()
  }, lookMs)
  for (const touch of touches) addEventListener(touch, onTouch, { passive: true })
  return () => {
    clearInterval(timer)
    idleEndsAtMs.value = null
    for (const touch of touches) removeEventListener(touch, onTouch)
  }
}

function tell(atMs: number): void {
  try {
    localStorage.setItem(key, String(atMs))
  } catch {
    // A browser that keeps nothing: each tab is for itself.
  }
}

/** No later than now: what a clock that was wrong has written holds for nothing. */
function toldElsewhere(): number {
  try {
    const atMs = Number(localStorage.getItem(key))
    return atMs <= Date.now() ? atMs : 0
  } catch {
    return 0
  }
}
