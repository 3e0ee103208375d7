/** One word of state, with its icon. */
import type { ComponentChildren } from 'preact'
import { Icon } from './icon.tsx'
import type { IconName } from './icon-shapes.ts'
import { type Tone, toneIcons } from './tone.ts'

export interface BadgeProps {
  readonly tone?: Tone
  readonly icon?: IconName
  readonly children: ComponentChildren
}

export function Badge({ tone = 'idle', icon = toneIcons[tone], children }: BadgeProps) {
  return (
    <span class={`badge is-${tone}`}>
      <Icon name={icon} size={14} />
      {children}
    </span>
  )
}
