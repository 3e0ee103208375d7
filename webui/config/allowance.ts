/** The narrowest rule that would let in what was denied: from that host, to that host, to that port. Pure. */
import { parseAddress } from '../../firmware/model/address.ts'
import type { AclRule, DeviceConfig } from '../../firmware/model/device-config.ts'
import type { DenialAnswer } from '../../firmware/model/local-api-denial.ts'

type Flow = Pick<AclRule, 'protocol' | 'ports'>

/** Null: no rule could, since one of its segments is not of this box. */
export function allowanceFor(
  { segments, acl = [] }: Pick<DeviceConfig, 'segments' | 'acl'>,
  denial: DenialAnswer,
): AclRule | null {
  const { source, destination, segment, toSegment } = denial
  const known = new Set(segments.map(({ name }) => name))
  const [from, to] = [hostOf(source), hostOf(destination)]
  if (!known.has(segment) || !known.has(toSegment) || from === null || to === null) return null
  return {
    name: freeName(acl, `allow-${segment}-${toSegment}`.slice(0, 28)),
    action: 'allow',
    from: { segment, prefix: from },
    to: { segment: toSegment, prefix: to },
    ...flowOf(denial),
  }
}

/** Of a packet, as rules write it. */
export function flowOf({
  protocol,
  destinationPort,
}: Pick<DenialAnswer, 'protocol' | 'destinationPort'>): Flow {
  const name = names[protocol] ?? protocol
  if (name === 0) return {}
  const hasPorts = (name === 'tcp' || name === 'udp') && destinationPort > 0
  return hasPorts ? { protocol: name, ports: [destinationPort] } : { protocol: name }
}

const names: Readonly<Record<number, 'tcp' | 'udp' | 'icmp'>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmp',
}

function hostOf(text: string): string | null {
  const address = parseAddress(text)
  return address === null ? null : `${text}/${address.family === 4 ? 32 : 128}`
}

function freeName(acl: readonly AclRule[], wish: string): string {
  const taken = new Set(acl.map(({ name }) => name))
  const all = [wish, ...acl.map((_, index) => `${wish}-${index + 2}`)]
  return all.find((name) => !taken.has(name)) ?? wish
}
