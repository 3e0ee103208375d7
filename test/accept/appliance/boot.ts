/** From power-on to forwarding: a blank box by its factory configuration, then the same one set up; how much memory and room it takes. */
import { stat } from 'node:fs/promises'
import { setTimeout as passed } from 'node:timers/promises'
import type { SystemAnswer } from '../../../firmware/model/local-api-system.ts'
import type { Box } from '../../image/box.ts'
import { compressedImage } from '../../image/builds.ts'
import { Pings } from '../../image/pings.ts'
import { internetAddress, openVmScene, startInternetHost, type VmScene } from '../../image/scene.ts'
import {
  move,
  openBlank,
  openPlanned,
  plannedConfig,
  runningConfig,
  startMs,
} from '../../image/set-up.ts'
import { fetchUrl, fileUrlAt } from '../../lab/hosts.ts'
import type { Check, Line } from '../line.ts'
import { atMost, claim, seconds, within } from './parts.ts'
import { proven } from './update-scene.ts'

const limitMs = 60_000
/** Hugepages are 128 of them. */
const mostMiB = 512
const memoryReadings = { count: 6, everyMs: 5_000 }
const mostImageMB = 300
const fileBytes = 2_000_000

export const boot: Line = {
  name: 'boot',
  title: 'x86-64: from power-on to API, page and forwarding; memory at idle, size of the image',
  isFullOnly: true,
  faults: {
    'no-uplink': 'set up: forwards',
    'more-memory': 'memory in use',
  },
  measure: async ({ fault }) => {
    const arch = 'x86_64'
    // Whoever has more memory gives the datapath more of it: a fault to plant.
    const memoryMiB = fault === 'more-memory' ? 8_192 : 1_024
    await using scene = await openVmScene({ vms: { berlin: arch }, isAlone: true, memoryMiB })
    await using _ = await startInternetHost(scene.lab)
    const blank = await fromBlank(scene)
    const started = await fromSetUp(scene, fault)
    const { size } = await stat(await compressedImage(arch))
    return [
      ...blank,
      ...started,
      atMost('image as it is handed out', mostImageMB, size / 1e6, 'MB'),
    ]
  },
}

async function fromBlank({ lab, vm }: VmScene): Promise<Check[]> {
  const onMs = await vm('berlin').start()
  const box = await openBlank(lab, 'berlin')
  const answeredMs = performance.now() - onMs
  const page = await lab.attempt('berlin-host', ['curl', '-sk', `https://${box.address}/`])
  await box.setPassword()
  const factory = await runningConfig(box)
  const { serial } = vm('berlin')
  // It gives way to what forwards.
  const shown = await serial.waitFor(/^Owner .*serial [0-9a-f]{8}/, startMs)
  const moved = await move(lab, 'berlin', box, plannedConfig(lab, 'berlin', factory))
  await moved[Symbol.asyncDispose]()
  return [
    claim(
      'blank: a LAN host is lent an address, and the API answers it',
      true,
      seconds(answeredMs),
    ),
    claim('blank: the page is there', page.stdout.includes('<html'), `${page.stdout.length} B`),
    claim('the serial console shows whose it is', true, shown),
    claim('set up: by HTTPS from the LAN', true, seconds(performance.now() - onMs)),
  ]
}

async function fromSetUp({ lab, vm }: VmScene, fault: string | undefined): Promise<Check[]> {
  const machine = vm('berlin')
  await machine.cutPower()
  await using pings = new Pings(lab, 'berlin-host', internetAddress)
  const onMs = await machine.start()
  if (fault === 'no-uplink') await machine.plug('eth1', false)
  const forwardsMs = await pings.answerAfter(onMs, fault === undefined ? startMs : 2 * limitMs)
  await using box = await openPlanned(lab, 'berlin')
  await box.answers(startMs)
  await box.signIn()
  const spec = { seed: 9, bytes: fileBytes }
  const url = fileUrlAt(internetAddress, spec)
  const fetched = forwardsMs === null ? null : await fetchUrl(lab, 'berlin-host', url, spec)
  await proven({ box })
  const usedMiB = await idleMiB(box)
  return [
    within(
      'set up: forwards to the Internet, from power-on',
      limitMs,
      forwardsMs === null ? null : forwardsMs - onMs,
    ),
    claim('what is fetched through it is whole', fetched?.isEqual === true, `${fetched?.bytes} B`),
    atMost('memory in use at idle, as the box says', mostMiB, usedMiB, 'MiB'),
  ]
}

/** The median of a while: what has come to its end may be given back a moment later. */
async function idleMiB(box: Box): Promise<number> {
  const readings: number[] = []
  for (let reading = 0; reading < memoryReadings.count; reading++) {
    await passed(memoryReadings.everyMs)
    const { machine } = await box.get<SystemAnswer>('/api/v1/system')
    readings.push((machine.memoryBytes - machine.memoryAvailableBytes) / 1024 ** 2)
  }
  return readings.toSorted((one, other) => one - other)[memoryReadings.count / 2]!
}
