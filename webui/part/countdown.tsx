/** Seconds that run out: a ring and a number. Screen readers hear them at its start and near its end, not each second. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { partText } from '../text/en.ts'
import type { Tone } from './tone.ts'

export interface CountdownProps {
  /** Left when it was read. */
  readonly seconds: number
  /** When that was, by the wall clock. */
  readonly atMs: number
  readonly tone?: Tone
  readonly onEnd?: () => void
}

const radius = 9
const around = 2 * Math.PI * radius
const spoken = new Set([60, 30, 10, 5, 0])

export function Countdown({ seconds, atMs, tone, onEnd }: CountdownProps) {
  const left = useSecondsLeft(seconds, atMs)
  // The ring was full when it was first seen; what is read anew since does not fill it again.
  const first = useRef(Math.max(seconds, 1))
  const whole = first.current
  useEffect(() => {
    if (left === 0) onEnd?.()
  }, [left === 0])
  return (
    <span class={`countdown ${tone === undefined ? '' : `is-${tone}`}`} role="timer">
      <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true" focusable="false">
        <circle cx="11" cy="11" r={radius} />
        <circle
          cx="11"
          cy="11"
          r={radius}
          stroke-dasharray={around}
          stroke-dashoffset={around * (1 - Math.min(1, left / whole))}
        />
      </svg>
      <span>{partText.left(left)}</span>
      <span class="unseen" aria-live="polite">
        {spoken.has(left) ? partText.left(left) : ''}
      </span>
    </span>
  )
}

/** Whole seconds, at least 0. */
export function useSecondsLeft(seconds: number, atMs: number): number {
  const left = (): number => Math.max(0, Math.ceil(seconds - (Date.now() - atMs) / 1000))
  const [shown, setShown] = useState(left)
  useEffect(() => {
    setShown(left())
    const timer = setInterval(() => setShown(left()), 250)
    return () => clearInterval(timer)
  }, [seconds, atMs])
  return shown
}
