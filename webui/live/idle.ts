/**
 * Signs out whoever may change something and has touched nothing for half an hour: the page asks the box by itself, so the box
 * never sees that nobody is there. A viewer's page may hang on a wall.
 */
import { session, signOut } from './session.ts'

const idleMs = 30 * 60_000
const lookMs = 20_000
const touches = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const

/** @returns what ends it */
export function startIdle(): () => void {
  let touchedAtMs = Date.now()
  const onTouch = (): void => {
    touchedAtMs = Date.now()
  }
  // By the wall clock: a computer that slept was not touched either.
  const timer = setInterval(() => {
    const { value } = session
    const isViewer = value.kind === 'signed-in' && value.role === 'viewer'
    if (!isViewer && Date.now() - touchedAtMs >= idleMs) void signOut().catch(() => {})
  }, lookMs)
  for (const touch of touches) addEventListener(touch, onTouch, { passive: true })
  return () => {
    clearInterval(timer)
    for (const touch of touches) removeEventListener(touch, onTouch)
  }
}
