/**
 * Two branches that have nothing to say to each other for ten minutes, behind NATs that forget a mapping after half a minute, one
 * of them where each byte is paid for: what either of its peers costs there, and that the first packet passes afterwards.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { bare } from '../../lab/description.ts'
import { hostAddress, ping } from '../../lab/hosts.ts'
import type { Lab } from '../../lab/lab.ts'
import { natsOf } from '../../lab/nat.ts'
import { describeNatSites, publicPrefixes } from '../../lab/nat-sites.ts'
import type { Check, Line } from '../line.ts'
import { directMs } from './expected.ts'
import { awaitDirect, firstAnswer, openScene } from './scene.ts'

const dayBytes = 1_000_000
const daySeconds = 86_400
const timeoutSeconds = 30
/** So long after the last packet, paths are still tried and watched. */
const settleMs = { full: 30_000, quick: 3_000 }
/** The quick form sees what is chatty; and whether a mapping that is not used would be gone by then, it is. */
const idleMs = { full: 630_000, quick: 29_000 }
const chatEverySeconds = 10
/** Where bytes are paid for. */
const metered = 'right'

export const idle: Line = {
  name: 'idle',
  title: `idle for 10 min behind NATs that forget after ${timeoutSeconds} s: ≤ 1 MB a day a peer, and there at once`,
  isQuickBeside: true,
  faults: { chat: 'IP bytes a day, left', forgotten: 'first packet' },
  measure: async ({ isQuick, fault }) => {
    const form = isQuick ? 'quick' : 'full'
    const description = describeNatSites('port-restricted', 'port-restricted', {
      nat: { timeoutSeconds },
      link: (site) => (site === metered ? { more: { metered: true } } : {}),
    })
    await using scene = await openScene(description)
    const { lab } = scene
    await firstAnswer(scene, directMs.spray)
    await awaitDirect(scene, directMs.spray)
    await scene.pings.program.stop()
    const read = await meterPeers(lab)
    await pause(settleMs[form])
    const before = await read()
    const beganMs = performance.now()
    if (fault === 'chat') startChat(lab)
    await pause(idleMs[form])
    const seconds = (performance.now() - beganMs) / 1_000
    const after = await read()
    if (fault === 'forgotten') await forget(lab)
    const answered = await ping(lab, 'left', 'right', { count: 1, intervalMs: 1_000 })
    return [
      ...Object.keys(peers).map((peer) =>
        costCheck(peer, (after.get(peer) ?? 0) - (before.get(peer) ?? 0), seconds),
      ),
      {
        check: `first packet after ${(seconds + settleMs[form] / 1_000).toFixed(0)} s`,
        target: 'answered',
        figure: answered.length === 0 ? 'lost' : `${answered[0]!.toFixed(1)} ms`,
        isOk: answered.length === 1,
      },
    ]
  },
}

const isRelayed = 'udp length > 8 @th,64,8 0xd8'
/** The peers of the site whose uplink is metered, and where they are. */
const peers = { left: publicPrefixes.left, hub: '203.0.113.0/24' } as const

/** IP bytes for each peer at the metered uplink, all of them: STUN, keepalive, rekeys. What is relayed is the other end's. */
async function meterPeers(lab: Lab): Promise<() => Promise<ReadonlyMap<string, number>>> {
  const names = Object.keys(peers)
  const rules = Object.entries(peers).flatMap(([peer, prefix]) => [
    `iifname ${metered} ip daddr ${prefix} counter name of-${peer}`,
    `oifname ${metered} ip saddr ${prefix} counter name of-${peer}`,
  ])
  const lines = [
    'table ip peers {',
    ...names.map((peer) => `counter of-${peer} {}`),
    'chain count {',
    'type filter hook forward priority 300',
    `iifname ${metered} ${isRelayed} counter name of-left return`,
    `oifname ${metered} ${isRelayed} counter name of-left return`,
    ...rules,
    '}',
    '}',
  ]
  await lab.exec('internet', ['nft', '-f', '-'], { input: `${lines.join('\n')}\n` })
  return async () => {
    const text = await lab.exec('internet', ['nft', 'list', 'counters', 'table', 'ip', 'peers'])
    const of = (peer: string): number =>
      Number(new RegExp(`of-${peer} \\{\\s*packets \\d+ bytes (\\d+)`).exec(text)![1])
    return new Map(names.map((peer) => [peer, of(peer)]))
  }
}

/** Somebody is not idle after all. */
function startChat(lab: Lab): void {
  const every = String(chatEverySeconds)
  lab.spawn('left-host', ['ping', '-n', '-i', every, hostAddress(lab, 'right')])
}

/** As if nothing had kept the mappings; nor does anything get by before that is noticed. */
async function forget(lab: Lab): Promise<void> {
  for (const site of ['left', 'right'] as const) {
    for (const nat of natsOf(lab, site)) {
      await nat.flush()
      await nat.block(lab.sites.map(({ wan }) => bare(wan.nat?.address ?? wan.address)))
    }
  }
}

function costCheck(peer: string, bytes: number, seconds: number): Check {
  const perDay = (bytes / seconds) * daySeconds
  return {
    check: `IP bytes a day, ${peer}, of ${seconds.toFixed(0)} s`,
    target: `≤ ${dayBytes / 1e6} MB`,
    figure: `${(perDay / 1e6).toFixed(2)} MB (${bytes} B)`,
    isOk: perDay <= dayBytes,
  }
}
