/** What sessions tell, and whom: their log, whoever looks for ways to peers, and who measures with them. */
import type { ControlItem, Item } from '../../wire/control-item.ts'
import type { SpeedItem } from '../../wire/speed.ts'

export interface SessionLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** Items about ways to others, which no session acts on. */
export type WayItem = Item<'relay-open' | 'relay-channel' | 'relay-close' | 'candidates'>

export interface SessionsListener {
  /** A session began, perhaps in place of another, or its peer is heard again. */
  readonly onUp: (peer: string) => void
  /** It is over, or its peer is silent on every path. */
  readonly onDown: (peer: string) => void
  readonly onItem: (peer: string, item: WayItem) => void
  readonly onSpeed: (peer: string, item: SpeedItem) => void
}

export const nobody: SessionsListener = {
  onUp: () => undefined,
  onDown: () => undefined,
  onItem: () => undefined,
  onSpeed: () => undefined,
}

export function isWayItem(item: ControlItem): item is WayItem {
  return wayItems.has(item.type)
}

export function isSpeedItem(item: ControlItem): item is SpeedItem {
  return speedItems.has(item.type)
}

const wayItems: ReadonlySet<ControlItem['type']> = new Set<WayItem['type']>([
  'relay-open',
  'relay-channel',
  'relay-close',
  'candidates',
])

const speedItems: ReadonlySet<ControlItem['type']> = new Set<SpeedItem['type']>([
  'speed-open',
  'speed-answer',
  'speed-close',
])
