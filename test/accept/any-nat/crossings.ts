/**
 * What crosses the internet between two branches of a lab, as the internet sees it: data and control that go from one to the
 * other without the hub, and how many pairs of ends were tried. Knows nothing but first bytes (wire.md).
 */
import type { Lab } from '../../lab/lab.ts'
import { publicPrefixes as prefixes } from '../../lab/nat-sites.ts'

const kinds = { data: '0xd1', control: '0xd2' } as const

/** One way, since the watch began. */
export interface Crossing {
  /** Of user packets, direct. */
  readonly data: number
  /** Probes of paths, hole punching among them. */
  readonly control: number
  /** Different (address, port) → (address, port) among all of that. */
  readonly pairs: number
}

export interface Crossings {
  /** By the branch that sends. */
  readonly left: Crossing
  readonly right: Crossing
}

/** Begins to watch; once for each pair of a lab. @param other stands for `right` in what comes out */
export async function watchCrossings(
  lab: Lab,
  other: 'right' | 'third' = 'right',
): Promise<() => Promise<Crossings>> {
  const table = `crossings-${other}`
  const ways = [
    ['left', 'left', prefixes[other]],
    ['right', other, prefixes.left],
  ] as const
  const lines = ways.flatMap(([from, site, to]) => [
    `set pairs-${from} { type ipv4_addr . inet_service . ipv4_addr . inet_service; size 65535; flags dynamic; }`,
    ...Object.keys(kinds).map((kind) => `counter ${kind}-${from} {}`),
    `chain of-${from} {`,
    `update @pairs-${from} { ip saddr . udp sport . ip daddr . udp dport }`,
    ...Object.entries(kinds).map(([kind, byte]) => `@th,64,8 ${byte} counter name ${kind}-${from}`),
    '}',
    `chain watch-${from} {`,
    'type filter hook forward priority -150',
    `iifname ${site} ip daddr ${to} meta l4proto udp jump of-${from}`,
    '}',
  ])
  const input = `table ip ${table} {\n${lines.join('\n')}\n}\n`
  await lab.exec('internet', ['nft', '-f', '-'], { input })
  return async () => {
    const text = await lab.exec('internet', ['nft', '-j', 'list', 'table', 'ip', table])
    const { nftables } = JSON.parse(text) as { nftables: readonly Listed[] }
    return { left: crossingOf(nftables, 'left'), right: crossingOf(nftables, 'right') }
  }
}

interface Listed {
  readonly counter?: { readonly name: string; readonly packets: number }
  readonly set?: { readonly name: string; readonly elem?: readonly unknown[] }
}

function crossingOf(listed: readonly Listed[], from: string): Crossing {
  const packets = (kind: string): number =>
    listed.find(({ counter }) => counter?.name === `${kind}-${from}`)?.counter?.packets ?? 0
  const pairs = listed.find(({ set }) => set?.name === `pairs-${from}`)?.set?.elem?.length ?? 0
  return { data: packets('data'), control: packets('control'), pairs }
}
