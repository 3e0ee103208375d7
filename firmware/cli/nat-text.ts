/** What the CLI says of the NATs before uplinks. Pure: text out of the local API's answers. */
import type { UplinkStatus } from '../model/local-api.ts'
import { durationText } from './duration.ts'

/** A line for each reading, with its age; the family is told where there are two. */
export function natLines(uplinks: readonly Pick<UplinkStatus, 'name' | 'nat'>[]): string[] {
  return uplinks.flatMap(({ name, nat }) =>
    nat.map(({ family, explanation, ageSeconds }) => {
      const which = nat.length > 1 ? `${name} (IPv${family})` : name
      return `${which}: ${explanation} (looked at ${durationText(ageSeconds)} ago)\n`
    }),
  )
}
