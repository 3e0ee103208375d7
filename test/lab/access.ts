/**
 * The way from a box's uplink to the internet: one link, or several where an emulated one (wan.ts) or a NAT router lies
 * between. Says which they are, for network.ts to make, and starts the emulated ones.
 *
 *   box eth11 ══ lan [router] wan ══ lan [carrier] wan ══ berlin1-box [native/test/wan] berlin1-net ══ berlin1 internet
 */
import type { LabDescription, SiteDescription, WanDescription } from './description.ts'
import type { LabNames } from './names.ts'
import type { Program } from './program.ts'
import { startWan, type Wan, type WanWay } from './wan.ts'

/** One end of a veth pair. */
export interface End {
  readonly netns: string
  readonly nic: string
}

/** The veth pairs of an uplink, from the box on. */
export function accessLinks(
  site: SiteDescription,
  wan: WanDescription,
  names: LabNames,
): readonly (readonly [End, End])[] {
  const ends: End[] = [
    { netns: names.box(site.name), nic: wan.nic },
    ...routerEnds(wan, names),
    ...(wan.behind === undefined ? outerEnds(wan, names) : []),
  ]
  return Array.from({ length: ends.length / 2 }, (_, pair) => [
    ends[2 * pair]!,
    ends[2 * pair + 1]!,
  ])
}

/** Into each NAT router and out of it, if it is the uplink's own. */
function routerEnds(wan: WanDescription, names: LabNames): End[] {
  if (wan.nat === undefined) return []
  const home = { netns: names.router(wan), nic: lanPort(wan) }
  if (wan.behind !== undefined) return [home]
  const routers = [
    names.router(wan),
    ...(wan.nat.carrier === undefined ? [] : [names.carrier(wan)]),
  ]
  return routers
    .flatMap((netns) => [
      { netns, nic: 'lan' },
      { netns, nic: 'wan' },
    ])
    .with(0, home)
}

/** Where the box is plugged into its router: a bridge `lan`, where it is not the only one. */
export function lanPort({ link, nat }: WanDescription): string {
  return nat?.isShared === true ? `${link}-lan` : 'lan'
}

function outerEnds(wan: WanDescription, names: LabNames): End[] {
  const internet = { netns: names.internet, nic: wan.link }
  if (wan.emulated === undefined) return [internet]
  const emulator = emulatedNics(wan).map((nic) => ({ netns: names.emulators, nic }))
  return [...emulator, internet]
}

/** The two NICs of an emulated link: towards the box, towards the internet. */
export function emulatedNics({ link }: WanDescription): readonly [string, string] {
  return [`${link}-box`, `${link}-net`]
}

/** Starts the emulated links. @param spawn in their namespace. @returns them by the names that the internet has for them */
export async function startEmulated(
  { sites, seed = 1 }: LabDescription,
  spawn: (argv: readonly string[]) => Program,
): Promise<ReadonlyMap<string, Wan>> {
  const all = sites.flatMap(({ wans }) => wans.filter(({ emulated }) => emulated !== undefined))
  const started = all.map(async (wan, index) => {
    const emulator = await startWan(spawn, seed * 1000 + index, emulatedNics(wan))
    for (const [way, settings] of Object.entries(wan.emulated!)) {
      await emulator.set(way as WanWay, settings)
    }
    return [wan.link, emulator] as const
  })
  return new Map(await Promise.all(started))
}
