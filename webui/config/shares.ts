/** What each class gets of a full uplink while all want something: voice up to its share, the rest by weight. Pure. */
import type { Profile } from '../../firmware/model/device-config-qos.ts'

export interface Share {
  readonly class: 'voice' | 'business' | 'normal' | 'bulk'
  /** Whole ones, which make a hundred. */
  readonly percent: number
}

export function sharesOf({
  voice,
  business,
  normal,
  bulk,
}: Omit<Profile, 'name'>): readonly Share[] {
  const weights = [business, normal, bulk]
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  const rest = 100 - voice
  const exact = weights.map((weight) => (whole === 0 ? 0 : (rest * weight) / whole))
  const floors = exact.map(Math.floor)
  // The largest remainders get what rounding left.
  const order = exact
    .map((value, index) => ({ index, left: value - Math.floor(value) }))
    .toSorted((one, other) => other.left - one.left)
  const missing = Math.max(0, Math.round(rest - floors.reduce((sum, value) => sum + value, 0)))
  for (const { index } of order.slice(0, missing)) floors[index]!++
  return [
    { class: 'voice', percent: voice },
    { class: 'business', percent: floors[0]! },
    { class: 'normal', percent: floors[1]! },
    { class: 'bulk', percent: floors[2]! },
  ]
}
