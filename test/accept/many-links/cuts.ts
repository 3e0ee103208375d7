/**
 * Blackouts of the path in use: which link is cut, in which directions, when it is mended, and when all is settled for the next
 * one. What a receiver sees of them is silence; silence.ts says how much.
 */
import { setTimeout as passed } from 'node:timers/promises'
import type { Lab } from '../../lab/lab.ts'
import { openPaths, type PathLink, type SitePaths } from '../../lab/paths.ts'
import { nowNs, type WanWay } from '../../lab/wan.ts'

export const sites = ['berlin', 'lisbon'] as const
export type Site = (typeof sites)[number]

/** `near`: the access link of the site that is spoken of; `far`: the other's. */
interface Kind {
  readonly name: string
  readonly isBothWays: boolean
  /** Whose path in use is hit, in the direction from it. */
  readonly from: Site
  readonly at: 'near' | 'far'
}

const kinds: readonly Kind[] = (['near', 'far'] as const).flatMap((at) => [
  { name: 'both ways', isBothWays: true, from: 'berlin', at },
  { name: 'berlin to lisbon', isBothWays: false, from: 'berlin', at },
  { name: 'lisbon to berlin', isBothWays: false, from: 'lisbon', at },
])

/** Traffic has left the path by then, or never will by itself. */
const cutMs = 1_000
/** Probes and reports come at fixed times: cuts must not. */
const phaseMs = 300

export interface Cut {
  readonly kind: string
  readonly isBothWays: boolean
  readonly cutNs: number
  /** Until the next cut: what is silent from here to there belongs to this one. */
  untilNs: number
}

/** Two sites and their paths. */
export interface Scene extends AsyncDisposable {
  readonly lab: Lab
  readonly paths: Readonly<Record<Site, SitePaths>>
}

/** What is done beside a cut, to see that it would be noticed. */
export interface Spoil {
  /** Cuts a link that is not in use instead. */
  readonly isBeside?: boolean
  /** Cuts all links of the site. */
  readonly isAll?: boolean
  readonly onCut?: () => Promise<void>
}

export async function openScene(lab: Lab): Promise<Scene> {
  const [berlin, lisbon] = await Promise.all(sites.map((site) => openPaths(lab, site)))
  return {
    lab,
    paths: { berlin: berlin!, lisbon: lisbon! },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([berlin!, lisbon!].map((paths) => paths[Symbol.asyncDispose]()))
    },
  }
}

/** All paths up at both ends: whichever is cut, others stand by. */
export async function settled({ paths }: Scene): Promise<void> {
  await Promise.all(sites.map((site) => paths[site].allUp()))
}

/** Cuts and mends `count` times, kinds in turn, beginning with that of `first`. */
export async function cutInTurns(
  scene: Scene,
  { first, count }: { readonly first: number; readonly count: number },
  chance: () => number,
  spoil: Spoil = {},
): Promise<Cut[]> {
  const cuts: Cut[] = []
  for (let number = first; number < first + count; number++) {
    await settled(scene)
    await passed(chance() * phaseMs)
    const kind = kinds[number % kinds.length]!
    const last = cuts.at(-1)
    if (last !== undefined) last.untilNs = nowNs()
    const links = await linksToCut(scene, kind, spoil)
    const way = wayOf(kind)
    const [cutNs] = await Promise.all(links.map(({ emulator }) => emulator.cut(way)))
    await spoil.onCut?.()
    await passed(cutMs)
    await Promise.all(links.map(({ emulator }) => emulator.mend(way)))
    const { name, isBothWays } = kind
    cuts.push({ kind: name, isBothWays, cutNs: cutNs!, untilNs: Number.POSITIVE_INFINITY })
  }
  await settled(scene)
  return cuts
}

async function linksToCut(
  { lab, paths }: Scene,
  { from, at }: Kind,
  { isBeside, isAll }: Spoil,
): Promise<readonly Pick<PathLink, 'emulator'>[]> {
  const peer = from === 'berlin' ? 'lisbon' : 'berlin'
  const path = await paths[from].inUse(peer)
  const [near, far] = paths[from].linksOf(path)
  const link = at === 'near' ? near : far
  const { wans } = lab.sites.find(({ name }) => name === link.site)!
  const all = wans.map((wan) => ({ wan, emulator: lab.wan(link.site, wan.name) }))
  if (isAll === true) return all
  return all.filter(({ wan }) => (wan.name === link.wan.name) !== (isBeside === true))
}

function wayOf({ isBothWays, at }: Kind): WanWay | 'both' {
  if (isBothWays) return 'both'
  return at === 'near' ? 'up' : 'down'
}
