/** What each class gets of an uplink that is full, by its profile. Pure. */
import { builtInProfiles, defaultProfileName, type Profile } from '../model/device-config-qos.ts'
import type { ClassShape } from '../model/port-program.ts'

/** @param name of one that there is; @param own of the configuration, which take the place of built-in ones */
export function classShapes(
  name = defaultProfileName,
  own: readonly Profile[] = [],
): readonly ClassShape[] {
  const profile = [...own, ...builtInProfiles].find((one) => one.name === name)
  const { voice, business, normal, bulk } = profile ?? builtInProfiles[0]!
  return [
    // What calls have beyond their cap waits as business does.
    { weight: business, capPercent: voice },
    ...[business, normal, bulk].map((weight) => ({ weight, capPercent: 0 })),
  ]
}
