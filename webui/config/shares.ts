/** What each class gets of a full uplink while all want something: voice up to its share, the rest by weight. Pure. */
import type { Profile } from '../../firmware/model/device-config-qos.ts'

export interface Share {
  readonly class: 'voice' | 'business' | 'normal' | 'bulk'
  /** Whole ones, at least 1: together about a hundred. */
  readonly percent: number
}

export function sharesOf({
  voice,
  business,
  normal,
  bulk,
}: Omit<Profile, 'name'>): readonly Share[] {
  const whole = business + normal + bulk
  const percentOf = (weight: number): number =>
    whole === 0 ? 0 : Math.max(1, Math.round(((100 - voice) * weight) / whole))
  return [
    { class: 'voice', percent: voice },
    { class: 'business', percent: percentOf(business) },
    { class: 'normal', percent: percentOf(normal) },
    { class: 'bulk', percent: percentOf(bulk) },
  ]
}
