/**
 * Counts the IP packets that cross all links of a site's uplinks, both ways, where the internet sees them: packets of the
 * overlay by their kind (wire.md), and all else that is no upkeep of the link itself (ARP, ND, MLD).
 */
import type { Lab } from './lab.ts'

const kinds = { data: '0xd1', control: '0xd2' } as const
/** Words of nftables are not free for names. */
const counter = (kind: MeteredKind): string => `of-${kind}`
export type MeteredKind = keyof typeof kinds | 'handshake' | 'other'
const names: readonly MeteredKind[] = ['data', 'control', 'handshake', 'other']

export interface Metered {
  readonly packets: number
  /** With their IP headers. */
  readonly bytes: number
}
export type Reading = Readonly<Record<MeteredKind, Metered>>

export interface Meter {
  /** Since the meter was started. */
  read(): Promise<Reading>
}

/** It counts until the lab goes; one a lab. */
export async function startMeter(lab: Lab, site: string, port = 51820): Promise<Meter> {
  const { wans } = lab.sites.find(({ name }) => name === site)!
  const links = `{ ${wans.map(({ link }) => `"${link}"`).join(', ')} }`
  const count = [
    'meta l4proto icmpv6 return',
    ...Object.entries(kinds).map(
      ([kind, value]) =>
        `udp dport ${port} @th,64,8 ${value} counter name ${counter(kind as MeteredKind)} return`,
    ),
    `udp dport ${port} counter name ${counter('handshake')} return`,
    `counter name ${counter('other')}`,
  ]
  const lines = [
    'table inet paid {',
    ...names.map((name) => `counter ${counter(name)} {}`),
    `chain count {\n${count.join('\n')}\n}`,
    'chain up {',
    'type filter hook prerouting priority -300',
    `iifname ${links} jump count`,
    '}',
    'chain down {',
    'type filter hook postrouting priority 300',
    `oifname ${links} jump count`,
    '}',
    '}',
  ]
  await lab.exec('internet', ['nft', '-f', '-'], { input: `${lines.join('\n')}\n` })
  return {
    read: async () => {
      const text = await lab.exec('internet', ['nft', 'list', 'counters', 'table', 'inet', 'paid'])
      return Object.fromEntries(names.map((name) => [name, counterOf(text, name)])) as Record<
        MeteredKind,
        Metered
      >
    },
  }
}

function counterOf(text: string, kind: MeteredKind): Metered {
  const found = new RegExp(`counter ${counter(kind)} \\{\\s*packets (\\d+) bytes (\\d+)`).exec(text)
  return { packets: Number(found?.[1] ?? Number.NaN), bytes: Number(found?.[2] ?? Number.NaN) }
}

/** What crossed between two readings. */
export function since(before: Reading, now: Reading): Reading {
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        packets: now[name].packets - before[name].packets,
        bytes: now[name].bytes - before[name].bytes,
      },
    ]),
  ) as Record<MeteredKind, Metered>
}
