/**
 * Sprays: how two ends meet where the NAT of one gives each destination another port (RFC 4787: not endpoint-independent) and
 * the other lets in only ports that it has sent to. The one opens 256 mappings to the other's only port, the other sends 1,024
 * probes to ports of the one, first those that are next if it counts: chance does the rest, in 98 of 100 cases (the birthday
 * problem). Pure.
 */
import type { Candidate } from '../model/candidate.ts'
import type { SprayProgram } from '../model/traversal-program.ts'
import { type OwnPlace, ownCandidates } from './candidate.ts'

export interface Spray extends Omit<SprayProgram, 'peer'> {
  /** Begun so much later: mappings come first, then what is to meet them. */
  readonly delayMs: number
  /** From the beginning until the last answer may be there. */
  readonly lastsMs: number
}

export const sprayMappings = 256
export const sprayProbes = 1_024
/** The least that the datapath takes: 200 a second. */
const gapMs = 5
/** About half a round trip. */
const probeDelayMs = 200
const answerMs = 1_000
const lastsMs = probeDelayMs + sprayProbes * gapMs + answerMs
const leastPort = 1_024
const mostPort = 65_535

/**
 * This end's part; null: it would be of no use.
 * @param theirs sound ones
 * @param isSmaller whether the own key is: both ends choose the same pair of uplinks
 */
export function sprayBetween(
  own: OwnPlace,
  theirs: readonly Candidate[],
  isSmaller: boolean,
): Spray | null {
  const pairs = ownCandidates(own).flatMap((one) =>
    theirs.flatMap((other) => {
      const spray = sprayOf(one, other)
      return spray === null ? [] : [{ spray, one, other }]
    }),
  )
  const [first] = pairs.toSorted((a, b) => {
    const cost = costOf(a) - costOf(b)
    const [mine, yours] = [a.one.uplink - b.one.uplink, a.other.uplink - b.other.uplink]
    return cost || (isSmaller ? mine || yours : yours || mine)
  })
  return first?.spray ?? null
}

interface Ends {
  readonly one: Candidate
  readonly other: Candidate
}

/** At how many of the two ends it is paid for. */
function costOf({ one, other }: Ends): number {
  return Number(one.isMetered) + Number(other.isMetered)
}

function sprayOf(one: Candidate, other: Candidate): Spray | null {
  const isSameFamily = one.address.includes(':') === other.address.includes(':')
  if (!isSameFamily || isHidden(one) || isHidden(other)) return null
  const to = { uplink: one.uplink, remoteAddress: other.address }
  if (one.mapping === 'dependent' && isStrict(other)) {
    return {
      ...{ ...to, remotePort: other.port, near: 0, probes: sprayMappings, gapMs },
      ...{ isManyLocal: true, delayMs: 0, lastsMs },
    }
  }
  if (other.mapping === 'dependent' && isStrict(one)) {
    return {
      ...{ ...to, ...nextPorts(other), probes: sprayProbes, gapMs },
      ...{ isManyLocal: false, delayMs: probeDelayMs, lastsMs },
    }
  }
  return null
}

/** Its own address behind a NAT helps nobody; the one that others see does. */
function isHidden({ kind, mapping }: Candidate): boolean {
  return kind === 'host' && mapping !== 'none'
}

/** One mapping for all, into which only ports come that it was used for. */
function isStrict({ mapping, filtering }: Candidate): boolean {
  const isOne = mapping === 'endpoint-independent' || mapping === 'none'
  return isOne && (filtering === 'address-and-port' || filtering === 'unknown')
}

/** Where a NAT that counts puts its next mappings. */
function nextPorts({ port, portStep }: Candidate): Pick<Spray, 'remotePort' | 'near'> {
  const reach = Math.min(sprayMappings * Math.abs(portStep), sprayProbes / 2)
  const first = portStep >= 0 ? port + 1 : port - reach
  const remotePort = Math.min(Math.max(first, leastPort), mostPort)
  return { remotePort, near: Math.min(reach, mostPort - remotePort) }
}
