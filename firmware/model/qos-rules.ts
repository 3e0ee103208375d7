/** The rules for `profiles` of a device configuration, and for what uplinks say of them and of their rates. */
import type { Refuse } from './config-rule.ts'
import type { Parts } from './device-config-parts.ts'
import { builtInProfiles } from './device-config-qos.ts'
import { nearestOf } from './nearest.ts'

export function checkQos({ uplinks, profiles, isWhole }: Parts, refuse: Refuse): void {
  const known = profileNames(profiles.map(({ part }) => part))
  for (const { at, part } of uplinks) {
    const { profile, internet, down } = part
    if (profile !== undefined && isWhole.profiles && !known.has(profile)) {
      const nearest = nearestOf(profile, [...known])
      const hint = nearest === null ? '' : `; did you mean '${nearest}'?`
      refuse('uplink-profile-known', `${at}/profile`, `there is no profile '${profile}'${hint}`)
    }
    if (internet !== undefined && down === undefined) {
      refuse('uplink-internet-rate', `${at}/internet`, 'is a part of `down`, which is not told')
    }
  }
}

/** Those that uplinks may name. */
export function profileNames(own: readonly { readonly name: string }[]): ReadonlySet<string> {
  return new Set([...own, ...builtInProfiles].map(({ name }) => name))
}
