/** How something is, for its colour and its icon: never by colour alone. */
import type { IconName } from './icon-shapes.ts'

export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'info'

export const toneIcons: Readonly<Record<Tone, IconName>> = {
  good: 'good',
  warn: 'warn',
  bad: 'bad',
  idle: 'idle',
  info: 'info',
}
