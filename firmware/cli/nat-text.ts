/** What the CLI says of the NATs before uplinks. Pure: text out of the local API's answers. */
import type { UplinkStatus } from '../model/local-api.ts'

/** A line for each reading; the family is told where there are two. */
export function natLines(uplinks: readonly Pick<UplinkStatus, 'name' | 'nat'>[]): string[] {
  return uplinks.flatMap(({ name, nat }) =>
    nat.map(({ family, explanation }) => {
      const which = nat.length > 1 ? `${name} (IPv${family})` : name
      return `${which}: ${explanation}\n`
    }),
  )
}
