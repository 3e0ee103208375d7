/** Says how an uplink is, and why it is not as it should be, out of what the box tells. Pure. */
import type { UplinkStatus } from '../../../firmware/model/local-api.ts'
import type { PathAnswer, PathsAnswer } from '../../../firmware/model/local-api-path.ts'
import type { Tone } from '../../part/tone.ts'
import { uplinksText } from '../../text/en-uplinks.ts'
import { sentence } from '../../text/format.ts'
import { remedyOf } from '../../text/remedy.ts'

export interface UplinkState {
  readonly tone: Tone
  readonly word: string
  /** Null: it is as it should be. */
  readonly why: string | null
  readonly remedy: string | null
}

const { states, why, remedies } = uplinksText

/** @param problems of the status: the box's own sentences */
export function uplinkState(
  { name, isUp, address, nat }: UplinkStatus,
  problems: readonly string[],
  paths: readonly PathAnswer[],
): UplinkState {
  if (isUp === null) {
    return { tone: 'idle', word: states.unknown, why: why.unknown, remedy: remedies.unknown }
  }
  if (!isUp) return { ...told(`uplink ${name} is down`, why.down), tone: 'bad', word: states.down }
  if (address.length === 0) {
    const lease = problems.find((problem) => problem.includes(`lease of uplink ${name} `))
    const told_ = told(lease ?? `uplink ${name} has no lease`, why.noAddress)
    const said = lease === undefined ? told_ : { ...told_, why: sentence(lease) }
    return { ...said, tone: 'bad', word: states.noAddress }
  }
  const isUseless = paths.length > 0 && paths.every(({ state }) => state === 'down')
  if (isUseless) {
    const problem = `uplink ${name} has a carrier and reaches none`
    return { ...told(problem, why.useless), tone: 'bad', word: states.useless }
  }
  if (nat.some(({ isBlocked }) => isBlocked)) {
    return { tone: 'warn', word: states.blocked, why: why.blocked, remedy: remedies.blocked }
  }
  return { tone: 'good', word: states.up, why: null, remedy: null }
}

function told(problem: string, words: string): Pick<UplinkState, 'why' | 'remedy'> {
  return { why: words, remedy: remedyOf(problem) }
}

/** Of all peers, those by this uplink. */
export function pathsBy(name: string, answer: PathsAnswer | null): PathAnswer[] {
  const all = answer?.peers.flatMap(({ paths }) => paths) ?? []
  return all.filter(({ uplink }) => uplink === name)
}

/** Null: no path by it was ever measured. */
export function mtuRange(
  paths: readonly PathAnswer[],
): readonly [least: number, most: number] | null {
  const known = paths.flatMap(({ mtuBytes }) => (mtuBytes === null ? [] : [mtuBytes]))
  return known.length === 0 ? null : [Math.min(...known), Math.max(...known)]
}
