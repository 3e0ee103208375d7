/**
 * What is plugged into the machine, for people who choose a NIC: carrier, speed and place of each, wherever it is; and TAPs.
 * Reads `ip -json -d link` and what ethtool says of the speed, which no other tool tells of another namespace.
 */
import { CausewayError } from '../../model/errors.ts'
import type { NicLink } from '../../model/host-state.ts'
import { run } from '../system/command.ts'

/** Of more nobody asks for the speed. */
const mostAsked = 32
/** The kernel's kind of TAP and TUN; a TUN is no Ethernet. */
const tunKind = 'tun'
/** One end of a veth pair can be a NIC; a bridge cannot. */
const toldKinds: ReadonlySet<string> = new Set(['veth', 'macvlan', 'ipvlan', 'virtio_net', tunKind])

/** @param netns '' is the own one; it must be there. @throws HOST_COMMAND_FAILED, HOST_COMMAND_TIMEOUT, HOST_SYSTEM */
export async function nicLinksIn(netns: string): Promise<NicLink[]> {
  const links = readNicLinks(await run(['ip', '-json', '-details', 'link', 'show'], { netns }))
  const asked = speakersOf(links)
  return Promise.all(
    links.map(async (link) => {
      if (!asked.has(link)) return link
      // A NIC that cannot say it is no fault.
      const text = await run(['ethtool', link.name], { netns, tolerates: () => true })
      return { ...link, speedBps: readSpeed(text) }
    }),
  )
}

/** Whose speed is asked. Pure. */
export function speakersOf(links: readonly NicLink[]): Set<NicLink> {
  return new Set(links.filter((link) => !link.isTap && link.hasCarrier).slice(0, mostAsked))
}

/** NICs and TAPs: not the loopback, nor what software makes of other links. Without their speed. @throws HOST_SYSTEM */
export function readNicLinks(text: string): NicLink[] {
  return linksOf(text).flatMap((link) => {
    const { ifname: name, address: mac, mtu: mtuBytes, flags, parentdev, linkinfo } = link
    if (typeof name !== 'string' || typeof mac !== 'string' || typeof mtuBytes !== 'number')
      return []
    const kind = kindOf(linkinfo)
    if (link.link_type !== 'ether' || (kind !== undefined && !toldKinds.has(kind))) return []
    const isUp = Array.isArray(flags) && flags.includes('UP')
    return {
      name,
      mac,
      mtuBytes,
      // Of one that is not up the kernel does not know it.
      hasCarrier: isUp ? flags.includes('LOWER_UP') : null,
      speedBps: null,
      place: typeof parentdev === 'string' ? parentdev : null,
      isTap: kind === tunKind,
    }
  })
}

/** In bits per second; null: it does not say. */
export function readSpeed(text: string): number | null {
  const [, megabits] = /^\s*Speed: (\d{1,7})Mb\/s$/m.exec(text) ?? []
  return megabits === undefined ? null : Number(megabits) * 1e6
}

/** Undefined of hardware. */
function kindOf(linkinfo: unknown): string | undefined {
  const { info_kind: kind } = (linkinfo ?? {}) as { info_kind?: unknown }
  return kind === undefined ? undefined : String(kind)
}

function linksOf(text: string): Readonly<Record<string, unknown>>[] {
  try {
    const links: unknown = text.trim() === '' ? [] : JSON.parse(text)
    return Array.isArray(links) ? links.filter((link) => typeof link === 'object' && link) : []
  } catch (cause) {
    throw new CausewayError('HOST_SYSTEM', 'a tool of the machine printed no JSON', { cause })
  }
}
