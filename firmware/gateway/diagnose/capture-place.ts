/** Where a recording listens: at the NIC, in the namespace where the datapath has it, or at the kernel's end of a segment. Pure. */
import type { DeviceConfig, Lan } from '../../model/device-config.ts'
import type { Uplink } from '../../model/device-config-uplink.ts'
import type { CaptureRequest } from '../../model/local-api-capture.ts'
import { interfaceOf, kindOf } from '../../model/nic.ts'
import { nameSegmentTwins } from '../../plan/compile.ts'
import { namedOf, refuse } from './place.ts'

export interface CapturePlace {
  /** For people. */
  readonly text: string
  readonly device: string
  /** '' : the own one. */
  readonly netns: string
  /** As filterText takes it. */
  readonly vlan: number | null | undefined
  /** What is not seen here, or not in clear; null: nothing to say. */
  readonly note: string | null
}

/** @throws API_INVALID with `path` into the request */
export function capturePlaceOf(
  { uplink, lan, segment }: CaptureRequest,
  config: DeviceConfig,
  nicNetns: string,
): CapturePlace {
  const told = [uplink, lan, segment].filter((one) => one !== undefined)
  if (told.length !== 1) refuse('', 'takes one of uplink, lan and segment')
  if (uplink !== undefined) {
    const part = namedOf('uplink', uplink, config.uplinks)
    return portPlace(`uplink ${uplink}`, part, config, nicNetns, sealedNote)
  }
  if (lan !== undefined)
    return portPlace(`LAN ${lan}`, namedOf('lan', lan, config.lans), config, nicNetns, null)
  const { name } = namedOf('segment', segment!, config.segments)
  const twins = nameSegmentTwins(config.segments.map((one) => one.name))
  const place = { text: `segment ${name}`, device: twins.get(name)!, netns: '', vlan: undefined }
  return { ...place, note: segmentNote }
}

const sealedNote = 'What goes to other sites is sealed here: outer headers alone can be read.'
const segmentNote =
  'Here passes what the box itself sends into the overlay and gets from it; what hosts send passes their LAN.'
const pmdNote =
  'DPDK has this NIC, so the kernel sees only what the datapath does not forward itself.'

function portPlace(
  text: string,
  part: Uplink | Lan,
  { uplinks, lans }: DeviceConfig,
  nicNetns: string,
  note: string | null,
): CapturePlace {
  const { name, nic, vlan } = part
  if (kindOf(nic) === 'pmd')
    return { text, device: name, netns: '', vlan: undefined, note: pmdNote }
  const isShared = [...uplinks, ...lans].some((one) => one.nic === nic && one.name !== name)
  const tag = vlan ?? (isShared ? null : undefined)
  return { text, device: interfaceOf(nic), netns: nicNetns, vlan: tag, note }
}
