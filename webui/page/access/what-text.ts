/** What a rule or a packet is about, in words. */
import type { AclRule } from '../../../firmware/model/device-config.ts'
import { accessText as text } from '../../text/en-access.ts'

export function whatText({ protocol, ports }: Pick<AclRule, 'protocol' | 'ports'>): string {
  if (protocol === undefined) return text.anything
  const name = typeof protocol === 'string' ? protocol.toUpperCase() : `IP ${protocol}`
  return ports === undefined ? name : `${name}, ${text.ports(ports.join(', '), ports.length)}`
}
