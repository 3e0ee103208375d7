/** Two boxes off the same image, their WANs linked: an overlay through DPDK's virtio NICs, and what hosts fetch through it is compared. */
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { NicsAnswer } from '../../../firmware/model/local-api-lan.ts'
import type { Box } from '../../image/box.ts'
import { openVmScene, sites, type VmScene } from '../../image/scene.ts'
import {
  move,
  openBlank,
  plannedConfig,
  runningConfig,
  startMs,
  wireKeyOf,
} from '../../image/set-up.ts'
import { awaitReachable, exchangeDatagrams, fetchFile, startServers } from '../../lab/hosts.ts'
import type { Check, Line } from '../line.ts'
import { claim } from './parts.ts'

const fileBytes = 4_000_000
const datagrams = 200
const reachMs = 240_000

export const overlay: Line = {
  name: 'overlay',
  title: 'two boxes off one image form an overlay; hosts exchange files through DPDK on both ends',
  isFullOnly: true,
  faults: {
    'another-key': 'overlay: ',
    'corrupt-file': 'file from lisbon',
    'other-macs': 'berlin: MAC',
  },
  measure: async ({ fault }) => {
    await using scene = await openVmScene({ vms: { berlin: 'x86_64', lisbon: 'x86_64' } })
    const boxes = await setUpBoth(scene, fault)
    try {
      const isUp = await reached(scene, fault === undefined ? reachMs : reachMs / 4)
      const up = claim('overlay: a host of each site reaches the other', isUp, isUp ? 'yes' : 'no')
      if (!isUp) return [up]
      return [up, ...(await exchanged(scene, fault)), ...(await portsOf(scene, boxes, fault))]
    } finally {
      for (const box of boxes) await box[Symbol.asyncDispose]()
    }
  },
}

/** One after the other starts: both at once take each other's time. */
async function setUpBoth({ lab, vm }: VmScene, fault: string | undefined): Promise<Box[]> {
  const blanks: Box[] = []
  for (const site of sites) {
    await vm(site).start()
    const blank = await openBlank(lab, site)
    await blank.setPassword()
    blanks.push(blank)
  }
  const keys = await Promise.all(blanks.map((box) => wireKeyOf(box)))
  const known = Object.fromEntries(sites.map((site, number) => [site, keys[number]!]))
  const foreign = Buffer.alloc(32, 9).toString('base64')
  const boxes: Box[] = []
  for (const [number, site] of sites.entries()) {
    const blank = blanks[number]!
    const given = fault === 'another-key' ? { ...known, berlin: foreign } : known
    const wanted = plannedConfig(lab, site, await runningConfig(blank), given)
    boxes.push(await move(lab, site, blank, wanted))
  }
  return boxes
}

async function reached({ lab }: VmScene, limitMs: number): Promise<boolean> {
  return awaitReachable(lab, ...sites, 4, limitMs).then(
    () => true,
    () => false,
  )
}

async function exchanged({ lab }: VmScene, fault: string | undefined): Promise<Check[]> {
  await startServers(lab)
  const checks: Check[] = []
  for (const [from, to] of [sites, sites.toReversed()] as [string, string][]) {
    const isCorrupt = fault === 'corrupt-file' && to === 'lisbon'
    const spec = { seed: 5, bytes: fileBytes, isCorrupt }
    const { isEqual, bytes, ms } = await fetchFile(lab, from, to, spec, startMs)
    const rate = ((bytes * 8) / ms / 1000).toFixed(1)
    checks.push(claim(`file from ${to} to ${from} is whole`, isEqual, `${bytes} B, ${rate} Mbit/s`))
  }
  const { sent, equal } = await exchangeDatagrams(lab, ...sites, {
    ...{ count: datagrams, maxBytes: 1400 },
  })
  checks.push(claim('datagrams come back equal', sent === equal, `${equal} of ${sent}`))
  return checks
}

/** By what each box says: its NICs are DPDK's, the traffic went through them, and each has the MAC that the machine gave it. */
async function portsOf(
  { vm }: VmScene,
  boxes: readonly Box[],
  fault: string | undefined,
): Promise<Check[]> {
  const checks = await Promise.all(
    boxes.map(async (box, number) => {
      const site = sites[number]!
      const { uplinks, lans } = await runningConfig(box)
      const nics = [...uplinks, ...lans].map((port) => port.nic)
      const carried = await carriedBy(box, uplinks)
      const { nics: said } = await box.get<NicsAnswer>('/api/v1/nics')
      const macs = nics.map((nic) => said.find((one) => one.nic === nic)?.mac ?? null)
      const isDpdk = nics.every((nic) => nic.startsWith('pmd:')) && carried >= fileBytes
      const figure = `${nics.join(', ')}; ${(carried / 1e6).toFixed(1)} MB by the uplink`
      // In the order of the bus, as the uplinks and LANs of these boxes are.
      const given = vm(fault === 'other-macs' ? sites[1 - number]! : site).macs
      const isKnown = macs.every((mac, at) => mac === given[at])
      return [
        claim(`${site}: every port is DPDK's (vfio), and carried it`, isDpdk, figure),
        claim(`${site}: MAC of each port as the machine has it`, isKnown, macs.join(', ')),
      ]
    }),
  )
  return checks.flat()
}

/** Bytes that the uplinks have sent and received, of its metrics. */
async function carriedBy(box: Box, uplinks: DeviceConfig['uplinks']): Promise<number> {
  const text = await box.text('/metrics')
  const names = new Set(uplinks.map(({ name }) => name))
  const rows = [...text.matchAll(/^causeway_port_bytes_total\{([^}]*)\} (\d+)/gm)]
  const mine = rows.filter(([, labels]) => {
    const [, name] = /uplink="([^"]+)"/.exec(labels!) ?? []
    return name !== undefined && names.has(name)
  })
  return mine.reduce((total, [, , bytes]) => total + Number(bytes), 0)
}
