/**
 * Ten rekeys under 10,000 packets a second: every datagram that was sent is delivered or dropped by a name, and
 * none is dropped. Rekeys are counted from outside: by the receiver indices that sealed control frames bear.
 */
import { startCapture } from '../../lab/capture.ts'
import { bare, describeSites } from '../../lab/description.ts'
import { plantDrop } from '../../lab/faults.ts'
import { awaitReachable, sendStream } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { datagramOf, type Frame } from '../../lab/pcap.ts'
import { freshDrops } from '../../lab/status.ts'
import type { Line } from '../line.ts'

const ratePps = 10_000
const payloadBytes = 200
const wantedRekeys = 10
/** Rekeys take their time at random, and the first keypair's age counts from before the stream. */
const spareRekeys = 2
export const interesting = 'udp and (udp[8] = 0xd2 or udp[8] = 0xd4)'
const initiation = 0xd4

export const rekeys: Line = {
  name: 'rekeys',
  title: `ten rekeys under ${ratePps} packets/s: sent = delivered + named drops, drops 0`,
  faults: {
    'drop-packet': 'sent = delivered',
    'no-rekey': 'rekeys',
    junk: 'drops',
    'raw-handshake': 'raw handshakes',
  },
  measure: async ({ isQuick, fault }) => {
    const rekeySeconds = isQuick ? 2 : 10
    const timing = fault === 'no-rekey' ? {} : { rekeySeconds }
    await using lab = await openLab(describeSites(2, timing))
    await lab.start()
    const [from, to] = lab.sites.map(({ name }) => name)
    await awaitReachable(lab, from!, to!)
    if (fault === 'drop-packet') {
      await plantDrop(lab, 'internet', 'forward', 'udp dport 51820 numgen inc mod 30000 == 1000')
    }
    await using capture = await startCapture(lab, 'internet', from!, interesting)
    const dropsBefore = await dropsOf(lab)
    const seconds = rekeySeconds * (wantedRekeys + spareRekeys)
    const stream = { ratePps, count: ratePps * seconds, bytes: payloadBytes }
    if (fault === 'junk') await sendJunk(lab, to!)
    const account = await sendStream(lab, from!, to!, stream)
    if (fault === 'raw-handshake') await sendInitiation(lab, from!)
    const dropped = difference(dropsBefore, await dropsOf(lab))
    const { frames } = await capture.finish()
    const total = [...dropped.values()].reduce((sum, count) => sum + count, account.socketDrops)
    const named = [...dropped].map(([reason, count]) => `${reason} ${count}`)
    if (account.socketDrops > 0) named.push(`receiver's socket ${account.socketDrops}`)
    const counted = countRekeys(frames)
    const achievedPps = Math.round(account.sent / (account.ms / 1000))
    return [
      {
        check: 'rekeys meanwhile',
        target: `≥ ${wantedRekeys}`,
        figure: String(counted),
        isOk: counted >= wantedRekeys,
      },
      {
        check: 'raw handshakes meanwhile',
        target: '0',
        figure: String(countRaw(frames)),
        isOk: countRaw(frames) === 0,
      },
      {
        check: 'rate',
        target: `${ratePps} packets/s`,
        figure: `${achievedPps} packets/s`,
        isOk: achievedPps > ratePps * 0.98,
      },
      {
        check: 'sent = delivered + named drops',
        target: `${account.sent}`,
        figure: `${account.delivered} + ${total}`,
        isOk: account.failed === 0 && account.sent === account.delivered + total,
      },
      {
        check: 'drops',
        target: '0',
        figure: total === 0 ? '0' : named.join(', '),
        isOk: total === 0,
      },
      {
        check: 'damaged or delivered twice',
        target: '0',
        figure: `${account.damaged} damaged, ${account.duplicates} twice`,
        isOk: account.damaged + account.duplicates === 0,
      },
    ]
  },
}

/** A session that was lost and made again would look like a rekey from afar. */
function countRaw(frames: readonly Frame[]): number {
  return frames.filter((frame) => datagramOf(frame)?.payload[0] === initiation).length
}

/** Something for the overlay port to drop. */
async function sendJunk(lab: Lab, site: string): Promise<void> {
  await sendBytes(lab, site, 'junk')
}

async function sendInitiation(lab: Lab, site: string): Promise<void> {
  await sendBytes(lab, site, '\\xd4\\0\\0\\0 like a raw handshake')
}

async function sendBytes(lab: Lab, site: string, text: string): Promise<void> {
  const { wan } = lab.sites.find(({ name }) => name === site)!
  const script = `printf '${text}' >/dev/udp/${bare(wan.address)}/51820`
  await lab.exec('internet', ['bash', '-c', script])
}

/** Keypairs seen, less the one that was there first; the end that saw fewer decides. */
export function countRekeys(frames: readonly Frame[]): number {
  const indices = new Map<string, Set<number>>()
  for (const frame of frames) {
    const datagram = datagramOf(frame)
    if (datagram === null || datagram.payload.length < 8) continue
    const seen = indices.get(datagram.destination) ?? new Set()
    indices.set(datagram.destination, seen.add(datagram.payload.readUInt32BE(4)))
  }
  return indices.size < 2 ? 0 : Math.min(...[...indices.values()].map(({ size }) => size)) - 1
}

/** Drop reasons of all sites together. */
async function dropsOf(lab: Lab): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  for (const { name } of lab.sites) {
    const drops = await freshDrops(lab, name)
    for (const [reason, count] of Object.entries(drops.reasons)) {
      sums.set(reason, (sums.get(reason) ?? 0) + count)
    }
  }
  return sums
}

/** Only what has changed. */
function difference(
  before: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
): Map<string, number> {
  return new Map(
    [...now]
      .map(([reason, count]) => [reason, count - (before.get(reason) ?? 0)] as const)
      .filter(([, count]) => count !== 0),
  )
}
