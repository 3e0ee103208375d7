/**
 * IP bytes for each peer at the metered uplink of a branch, as the internet sees them: STUN, keepalive, rekeys, calls in vain. What
 * is relayed is the other end's, told by the channel that it goes by; of channels that nobody is named for it is left's.
 */
import { CausewayError } from '../../../firmware/model/errors.ts'
import { parseRelayed } from '../../../firmware/model/relayed-address.ts'
import type { Lab } from '../../lab/lab.ts'
import { publicPrefixes } from '../../lab/nat-sites.ts'
import { openDatapath } from '../../lab/paths.ts'
import { lookAt } from '../../lab/status.ts'

/** Where bytes are paid for. */
export const metered = 'right'
/** Nobody is there, and nobody says so. */
export const goneNet = '198.18.5'

/** The peers of the metered branch, and where they are. */
const places = {
  left: publicPrefixes.left,
  hub: '203.0.113.0/24',
  third: publicPrefixes.third,
  gone: `${goneNet}.0/24`,
} as const

/** `absent`: those that the hub is asked for, and does not have. `watch`: how long the NAT remembers, found out each hour. */
const names = ['left', 'hub', 'third', 'gone', 'absent', 'watch'] as const
export type MeteredPeer = (typeof names)[number]
export type PeerBytes = Readonly<Record<MeteredPeer, number>>

const isRelayed = 'udp length > 8 @th,64,8 0xd8'
/** Relay open and relay channel, each alone in a control frame, which nothing else is as long as. */
const isAsking = 'udp length { 76, 84 } @th,64,8 0xd2'
/** What is sealed by another port than the overlay's watches a mapping of its own. */
const isSealed = '@th,64,8 { 0xd1, 0xd2 }'

/** @returns reads what has passed since, of both directions */
export async function meterPeers(lab: Lab): Promise<() => Promise<PeerBytes>> {
  const channels = await channelsTo(lab, 'third')
  const isThirds = `@th,128,32 { ${channels.join(', ')} }`
  const port = await mappedPort(lab)
  const chain = (hook: string, own: string, far: string, side: string): string[] => [
    `chain ${hook} {`,
    `type filter hook ${hook} priority -310`,
    `${own} != ${metered} return`,
    `${isRelayed} ${isThirds} counter name of-third return`,
    `${isRelayed} counter name of-left return`,
    `udp ${side} != ${port} ${isSealed} counter name of-watch return`,
    `ip ${far} ${places.hub} ${isAsking} counter name of-absent return`,
    ...Object.entries(places).map(([peer, net]) => `ip ${far} ${net} counter name of-${peer}`),
    '}',
  ]
  const lines = [
    'table ip peers {',
    ...names.map((peer) => `counter of-${peer} {}`),
    ...chain('prerouting', 'iifname', 'daddr', 'sport'),
    ...chain('postrouting', 'oifname', 'saddr', 'dport'),
    '}',
  ]
  await lab.exec('internet', ['nft', '-f', '-'], { input: `${lines.join('\n')}\n` })
  return async () => {
    const text = await lab.exec('internet', ['nft', 'list', 'counters', 'table', 'ip', 'peers'])
    const of = (peer: string): number =>
      Number(new RegExp(`of-${peer} \\{\\s*packets \\d+ bytes (\\d+)`).exec(text)![1])
    return Object.fromEntries(names.map((peer) => [peer, of(peer)])) as PeerBytes
  }
}

/** Where the internet sees the overlay's port of the metered branch. */
async function mappedPort(lab: Lab): Promise<number> {
  const { status } = await lookAt(lab, metered)
  const port = Number(status.uplinks[0]?.nat[0]?.mapped?.split(':').at(-1))
  if (port > 0) return port
  throw new CausewayError('LAB_PROGRAM', `${metered} does not know how it is seen`)
}

/** The numbers of the metered branch's channels to a peer. */
export async function channelsTo(lab: Lab, peer: MeteredPeer): Promise<number[]> {
  await using datapath = await openDatapath(lab, metered)
  const { paths } = await datapath.counters()
  const own = paths.filter((path) => path.peer === peer)
  return own.flatMap(({ remoteAddress }) => parseRelayed(remoteAddress)?.channel ?? []).toSorted()
}

export function grown(after: PeerBytes, before: PeerBytes): PeerBytes {
  return Object.fromEntries(names.map((peer) => [peer, after[peer] - before[peer]])) as PeerBytes
}
