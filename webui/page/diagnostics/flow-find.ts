/** Which flows and denials fit a word that somebody types, and how one is asked about. Pure. */
import type { DenialAnswer } from '../../../firmware/model/local-api-denial.ts'
import type { FlowAnswer } from '../../../firmware/model/local-api-flow.ts'
import { protocolName } from './explain-chain.ts'

/** All words must be somewhere in it. */
export function fits(texts: readonly (string | number | null)[], wanted: string): boolean {
  const whole = texts.join(' ').toLowerCase()
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => whole.includes(word))
}

export function flowTexts(flow: FlowAnswer): readonly (string | number | null)[] {
  const { source, sourcePort, destination, destinationPort, protocol } = flow
  const ends = [`${source}:${sourcePort}`, `${destination}:${destinationPort}`]
  const names = [flow.segment, flow.peer, flow.uplink, flow.policy, flow.class, flow.verdict]
  return [...ends, protocolName(protocol), ...names]
}

export function denialTexts(denial: DenialAnswer): readonly (string | number | null)[] {
  const { source, sourcePort, destination, destinationPort, protocol } = denial
  const ends = [`${source}:${sourcePort}`, `${destination}:${destinationPort}`]
  const names = [denial.segment, denial.toSegment, denial.rule, denial.peer, denial.reason]
  return [...ends, protocolName(protocol), ...names]
}

interface Ends {
  readonly source: string
  readonly destination: string
  readonly destinationPort: number
  readonly protocol: number
  readonly segment: string | null
}

const asked: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp' }

/** The page that explains it. */
export function explainLink({
  source,
  destination,
  destinationPort,
  protocol,
  segment,
}: Ends): string {
  const parts: Record<string, string> = { from: source, to: destination }
  if (destinationPort > 0) parts.toPort = String(destinationPort)
  const name = asked[protocol]
  if (name !== undefined) parts.protocol = name
  if (segment !== null && segment !== '') parts.segment = segment
  return `#/diagnostics/explain?${new URLSearchParams(parts)}`
}
