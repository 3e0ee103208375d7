/**
 * The value of the control item 0x10: candidates of the sender, for hole punching. Pure. What is worth trying of them is
 * plan/candidate.ts. Numbers are big-endian; fields called zero are sent as zero and not read.
 *
 *   0 round u8 | 1 flags u8 | 2 count u8 (≤ 16) | 3 zero u8 | then of each, 24 bytes:
 *   0 kind u8 (its highest bit: costs) | 1 uplink u8 | 2 mapping u8 | 3 filtering u8 | 4 port u16 | 6 port step i16 | 8 address 16 (IPv4 mapped)
 *
 *   flags: 1 answer with yours, 2 spray now, 4 cannot now, 8 and 16 the wall before the sender, 32 you are seen from elsewhere than before
 */
import {
  type Candidate,
  type CandidateWall,
  candidateFilterings,
  candidateKinds,
  candidateMappings,
  candidateWalls,
  maxCandidates,
} from '../model/candidate.ts'
import { ipBytes, ipText } from './ip.ts'

export interface Candidates {
  readonly type: 'candidates'
  /** Counts exchanges: an answer has the number of what it answers. */
  readonly round: number
  /** The receiver is to answer with its own. */
  readonly wantsAnswer: boolean
  /** The sender begins to spray, and so does the receiver. */
  readonly isSpray: boolean
  /** The sender sprays with somebody else now: the receiver's spray met nobody. */
  readonly isBusy: boolean
  readonly wall: CandidateWall
  /** A hub sees the receiver at another address than before. */
  readonly isMoved: boolean
  readonly candidates: readonly Candidate[]
}

const headBytes = 4
const candidateBytes = 24
const flag = { answer: 1, spray: 2, busy: 4, moved: 32 } as const
const wallShift = 3
const meteredBit = 0x80

export function fitsCandidates(length: number): boolean {
  const count = (length - headBytes) / candidateBytes
  return Number.isInteger(count) && count >= 0 && count <= maxCandidates
}

export function candidatesSize({ candidates }: Candidates): number {
  return headBytes + candidateBytes * candidates.length
}

/** Null: the count is not that of what follows. Those of a kind that is not known are left out. */
export function readCandidates(value: Buffer): Candidates | null {
  if (candidatesBytes(value[2]!) !== value.length) return null
  const candidates: Candidate[] = []
  for (let at = headBytes; at < value.length; at += candidateBytes) {
    const kind = candidateKinds[(value[at]! & ~meteredBit) - 1]
    if (kind === undefined) continue
    candidates.push({
      kind,
      uplink: value[at + 1]!,
      mapping: candidateMappings[value[at + 2]!] ?? 'unknown',
      filtering: candidateFilterings[value[at + 3]!] ?? 'unknown',
      port: value.readUInt16BE(at + 4),
      portStep: value.readInt16BE(at + 6),
      isMetered: (value[at]! & meteredBit) !== 0,
      address: ipText(value.subarray(at + 8, at + 24)),
    })
  }
  return {
    type: 'candidates',
    round: value[0]!,
    wantsAnswer: (value[1]! & flag.answer) !== 0,
    isSpray: (value[1]! & flag.spray) !== 0,
    isBusy: (value[1]! & flag.busy) !== 0,
    wall: candidateWalls[(value[1]! >> wallShift) & 3] ?? 'open',
    isMoved: (value[1]! & flag.moved) !== 0,
    candidates,
  }
}

export function writeCandidates(item: Candidates, value: Buffer): void {
  value.writeUInt8(item.round, 0)
  value.writeUInt8(flagsOf(item), 1)
  value.writeUInt8(item.candidates.length, 2)
  item.candidates.forEach((candidate, position) => {
    const at = headBytes + candidateBytes * position
    const kind = candidateKinds.indexOf(candidate.kind) + 1
    value.writeUInt8(kind | (candidate.isMetered ? meteredBit : 0), at)
    value.writeUInt8(candidate.uplink, at + 1)
    value.writeUInt8(candidateMappings.indexOf(candidate.mapping), at + 2)
    value.writeUInt8(candidateFilterings.indexOf(candidate.filtering), at + 3)
    value.writeUInt16BE(candidate.port, at + 4)
    value.writeInt16BE(candidate.portStep, at + 6)
    value.set(ipBytes(candidate.address), at + 8)
  })
}

function flagsOf({ wantsAnswer, isSpray, isBusy, wall, isMoved }: Candidates): number {
  return (
    (wantsAnswer ? flag.answer : 0) |
    (isSpray ? flag.spray : 0) |
    (isBusy ? flag.busy : 0) |
    (candidateWalls.indexOf(wall) << wallShift) |
    (isMoved ? flag.moved : 0)
  )
}

function candidatesBytes(count: number): number {
  return headBytes + candidateBytes * count
}
