/**
 * Between the sites the WANs carry handshakes, sealed frames and ARP, and nothing else; no byte of what the hosts
 * say to each other is in clear. Recorded on every WAN from before the gateways start, real frames.
 */
import { randomBytes } from 'node:crypto'
import { type Capture, type Captured, startCapture } from '../../lab/capture.ts'
import { bare, describeSites } from '../../lab/description.ts'
import { awaitReachable, exchangeDatagrams, fetchFile, startServers } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { setWanFrames } from '../../lab/links.ts'
import { datagramOf, etherTypes, type Frame } from '../../lab/pcap.ts'
import type { Check, Line } from '../line.ts'

const overlayPort = 51820
/** By which NATs are measured, with sealed control frames alone. */
const isSprayPort = (port: number): boolean => port > overlayPort && port <= overlayPort + 256
/** First byte → the least and the greatest size of such a datagram (wire format, version 1). */
const knownTypes: ReadonlyMap<number, readonly [least: number, most: number]> = new Map([
  [0xd1, [40, 65_507]],
  [0xd2, [36, 65_507]],
  [0xd4, [160, 160]],
  [0xd5, [100, 100]],
  [0xd6, [64, 64]],
  [0xd7, [40, 40]],
])

export const wireSecrecy: Line = {
  name: 'wire-secrecy',
  title: 'the WANs carry handshakes and sealed frames only, and no inner byte in clear',
  faults: {
    'clear-packet': 'berlin: canary',
    'clear-protocol': 'berlin: frames that are neither',
  },
  measure: async ({ isQuick, fault }) => {
    await using lab = await openLab(describeSites(3))
    const sites = lab.sites.map(({ name }) => name)
    const wans: (readonly [site: string, Capture])[] = []
    for (const site of sites) wans.push([site, await startCapture(lab, 'internet', site)])
    const lan = await startCapture(lab, `${sites[0]}-host`, 'eth0')
    await lab.start()
    await setWanFrames(lab, 'real', 'own')
    await startServers(lab)
    const canary = `canary ${randomBytes(12).toString('hex')} `
    await talk(lab, canary, isQuick ? 500_000 : 5_000_000)
    if (fault === 'clear-packet') await sendInClear(lab, overlayPort, canary)
    if (fault === 'clear-protocol') await sendInClear(lab, 9999, 'hello')
    const control = countWith((await lan.finish()).frames, canary)
    const checks: Check[] = []
    for (const [site, capture] of wans) {
      checks.push(...verdict(lab, site, await capture.finish(), canary))
    }
    checks.push({
      check: 'control: the same canary on the LAN',
      target: '> 0 frames',
      figure: `${control} frames`,
      isOk: control > 0,
    })
    return checks
  },
}

/** Every site's host fetches a file full of the canary from the next site's, and exchanges datagrams. */
async function talk(lab: Lab, canary: string, bytes: number): Promise<void> {
  const sites = lab.sites.map(({ name }) => name)
  for (const [index, from] of sites.entries()) {
    const to = sites[(index + 1) % sites.length]!
    await awaitReachable(lab, from, to)
    const fetched = await fetchFile(lab, from, to, { seed: index, bytes, canary })
    if (!fetched.isEqual) throw new Error(`the file from ${to} differs at ${from}`)
    await exchangeDatagrams(lab, from, to, { count: 10, maxBytes: 2_000 })
  }
}

function verdict(lab: Lab, site: string, { frames, missed }: Captured, canary: string): Check[] {
  const addresses = new Set(lab.sites.map(({ wan }) => bare(wan.address)))
  const aliens = frames.flatMap((frame) => alienOf(frame, addresses) ?? [])
  const clear = countWith(frames, canary)
  const types = frames.map((frame) => datagramOf(frame)?.payload[0])
  const handshakes = types.filter((type) => type !== undefined && type >= 0xd4).length
  const sealed = types.filter((type) => type === 0xd1).length
  return [
    {
      check: `${site}: frames that are neither handshake nor sealed`,
      target: '0',
      figure: `${aliens.length} of ${frames.length}${aliens.length > 0 ? `: ${aliens[0]}` : ''}`,
      isOk: aliens.length === 0,
    },
    { check: `${site}: canary in clear`, target: '0', figure: `${clear}`, isOk: clear === 0 },
    {
      check: `${site}: handshakes and sealed frames seen, none missed`,
      target: '≥ 2, ≥ 100, 0',
      figure: `${handshakes}, ${sealed}, ${missed}`,
      isOk: handshakes >= 2 && sealed >= 100 && missed === 0,
    },
  ]
}

/** What is wrong with a frame, or null. */
function alienOf(frame: Frame, sites: ReadonlySet<string>): string | null {
  if (frame.etherType === etherTypes.arp) return null
  const datagram = datagramOf(frame)
  if (datagram === null) {
    return `ethertype 0x${frame.etherType.toString(16)} ${frame.bytes.subarray(14, 40).toString('hex')}`
  }
  const { source, destination, sourcePort, destinationPort, payload } = datagram
  const where = `${source}:${sourcePort} > ${destination}:${destinationPort}`
  const isOverlay = sourcePort === overlayPort && destinationPort === overlayPort
  const isMeasuring =
    payload[0] === 0xd2 &&
    [sourcePort, destinationPort].includes(overlayPort) &&
    [sourcePort, destinationPort].some(isSprayPort)
  if (!(isOverlay || isMeasuring) || !sites.has(source) || !sites.has(destination)) return where
  const range = knownTypes.get(payload[0] ?? 0)
  const isKnown = range && payload.length >= range[0] && payload.length <= range[1]
  return isKnown ? null : `${where}, ${payload.length} bytes, type 0x${payload[0]?.toString(16)}`
}

function countWith(frames: readonly Frame[], text: string): number {
  return frames.filter(({ bytes }) => bytes.includes(text)).length
}

/** From the internet to the first site, as a leak from another site would arrive there. */
async function sendInClear(lab: Lab, port: number, text: string): Promise<void> {
  const address = bare(lab.sites[0]!.wan.address)
  const script = `const s = require('node:dgram').createSocket('udp4');
    s.send(${JSON.stringify(text)}, ${port}, '${address}', () => s.close())`
  await lab.exec('internet', [process.execPath, '-e', script])
}
