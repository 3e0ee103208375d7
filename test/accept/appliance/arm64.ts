/**
 * ARM64 off its own image: boots to its API and joins the overlay of a box of this machine, by NICs that the kernel drives; hosts exchange
 * a file.
 */
import type { SystemAnswer } from '../../../firmware/model/local-api-system.ts'
import { internetAddress, openVmScene, startInternetHost } from '../../image/scene.ts'
import {
  move,
  openBlank,
  plannedConfig,
  runningConfig,
  startMs,
  wireKeyOf,
} from '../../image/set-up.ts'
import { awaitReachable, fetchFile, fetchUrl, fileUrlAt, startServers } from '../../lab/hosts.ts'
import { reconfigure } from '../../lab/reconfigure.ts'
import type { Check, Line } from '../line.ts'
import { claim, seconds } from './parts.ts'

const fileBytes = 1_000_000
const reachMs = 240_000
/** An ARM64 is emulated twice as slowly as this machine's own kind. */
const slowerMs = 2 * startMs

export const arm64: Line = {
  name: 'arm64',
  title: 'ARM64 boots to its API, breaks out and joins an overlay, by netdev ports',
  isFullOnly: true,
  faults: { 'another-key': 'overlay: ', 'corrupt-file': 'breakout: ' },
  measure: async ({ fault }) => {
    await using scene = await openVmScene({ vms: { berlin: 'arm64' } })
    const { lab, vm } = scene
    await using _ = await startInternetHost(lab)
    const onMs = await vm('berlin').start()
    const blank = await openBlank(lab, 'berlin', slowerMs)
    const answered = claim('blank: the API answers', true, seconds(performance.now() - onMs))
    await blank.setPassword()
    const key = fault === 'another-key' ? Buffer.alloc(32, 9).toString('base64') : undefined
    const wireKey = key ?? (await wireKeyOf(blank))
    await reconfigure(lab, 'lisbon', (config) => {
      for (const peer of config.peers) if (peer.name === 'berlin') peer.wireKey = wireKey
    })
    const config = plannedConfig(lab, 'berlin', await runningConfig(blank))
    await using box = await move(lab, 'berlin', blank, config)
    const { machine } = await box.get<SystemAnswer>('/api/v1/system')
    const nics = [...config.uplinks, ...config.lans].map(({ nic }) => nic)
    const isKernel = nics.every((nic) => nic.startsWith('netdev:'))
    const checks: Check[] = [
      answered,
      claim('it is one', /arm64|aarch64/.test(machine.architecture), machine.architecture),
      claim('its ports are NICs of the kernel', isKernel, nics.join(', ')),
    ]
    const spec = { seed: 3, bytes: fileBytes, isCorrupt: fault === 'corrupt-file' }
    const url = fileUrlAt(internetAddress, spec)
    const out = await fetchUrl(lab, 'berlin-host', url, spec, startMs)
    checks.push(claim('breakout: a file of the Internet is whole', out.isEqual, seconds(out.ms)))
    const isUp = await awaitReachable(
      ...([lab, 'berlin', 'lisbon', 4, fault === undefined ? reachMs : reachMs / 4] as const),
    ).then(
      () => true,
      () => false,
    )
    checks.push(claim('overlay: a host of each site reaches the other', isUp, isUp ? 'yes' : 'no'))
    if (!isUp) return checks
    await startServers(lab)
    const inside = { seed: 4, bytes: fileBytes }
    const got = await fetchFile(lab, 'berlin', 'lisbon', inside, startMs)
    checks.push(claim('a file through the overlay is whole', got.isEqual, seconds(got.ms)))
    return checks
  },
}
