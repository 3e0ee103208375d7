/**
 * The way from a box's uplink to the internet: one link, or several where an emulated one (wan.ts) or a NAT router lies
 * between. Says which they are, for network.ts to make, and starts the emulated ones.
 *
 *   box eth11 ══ lan [router] wan ══ berlin1-box [native/test/wan] berlin1-net ══ berlin1 internet
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
  const [boxSide, netSide] = emulatedNics(wan)
  const box = { netns: names.box(site.name), nic: wan.nic }
  const internet = { netns: names.internet, nic: wan.link }
  const router = (nic: string): End => ({ netns: names.router(wan), nic })
  const emulator = (nic: string): End => ({ netns: names.emulators, nic })
  const near = wan.nat === undefined ? box : router('wan')
  return [
    ...(wan.nat === undefined ? [] : [[box, router('lan')] as const]),
    ...(wan.emulated === undefined
      ? [[near, internet] as const]
      : [[near, emulator(boxSide)] as const, [emulator(netSide), internet] as const]),
  ]
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
