/** How much of something is used, as a bar and in words. */
import type { Tone } from './tone.ts'

export interface MeterProps {
  /** Of one. */
  readonly value: number
  readonly label: string
  readonly tone?: Tone
}

export function Meter({ value, label, tone }: MeterProps) {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100)
  return (
    // The element of that name takes no colour of ours in all browsers.
    // biome-ignore lint/a11y/useSemanticElements: see above
    <div
      class={`meter ${tone === undefined ? '' : `is-${tone}`}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <i style={{ width: `${percent}%` }} />
    </div>
  )
}
