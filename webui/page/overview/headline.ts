/** Says in one sentence how the site is, and in a second one what that means for whoever works there. Pure. */
import type { Status } from '../../../firmware/model/local-api.ts'
import type { Tone } from '../../part/tone.ts'
import { overviewText } from '../../text/en-overview.ts'
import { list, sentence } from '../../text/format.ts'
import { plainWords, remedyOf } from '../../text/remedy.ts'

export interface Headline {
  readonly tone: Tone
  readonly sentence: string
  /** What to do about it. */
  readonly remedy: string | null
  /** '': nothing more to say. */
  readonly about: string
  /** What else is wrong. */
  readonly more: readonly Problem[]
  /** It runs no configuration that somebody gave it. */
  readonly isBlank: boolean
}

export interface Problem {
  readonly sentence: string
  readonly remedy: string | null
}

/** While the box is not heard, what it said last is no answer. */
export function unheardOf(status: Status): Headline {
  const { unheard, heardLast } = overviewText
  const about = heardLast(headlineOf(status).sentence)
  return { tone: 'bad', sentence: unheard, about, remedy: null, more: [], isBlank: false }
}

export function headlineOf(status: Status): Headline {
  const { isHealthy, configSource } = status
  const names = [...status.uplinks, ...status.peers].map(({ name }) => name)
  const problems = status.problems.map((problem): Problem => {
    return { sentence: sentence(plainWords(problem), names), remedy: remedyOf(problem) }
  })
  const isBlank = configSource === 'factory' || configSource === 'none'
  const plain = { remedy: null, more: [], isBlank }
  if (isBlank) {
    const { blank, blankAbout } = overviewText
    const more = configSource === 'none' ? problems : []
    return { ...plain, tone: 'info', sentence: blank, about: blankAbout, more }
  }
  if (isHealthy) {
    return { ...plain, tone: 'good', sentence: overviewText.well, about: upText(status) }
  }
  const [first, ...more] = problems
  return {
    tone: carriesOn(status) ? 'warn' : 'bad',
    sentence: first?.sentence ?? sentence(status.health, names),
    remedy: first?.remedy ?? null,
    about: goesOnText(status),
    ...{ more, isBlank },
  }
}

function counts({ uplinks, peers }: Status) {
  return {
    upUplinks: uplinks.filter(({ isUp }) => isUp === true),
    upPeers: peers.filter(({ state }) => state === 'up').length,
  }
}

/** Something is wrong, and nobody at the site needs to notice. */
function carriesOn(status: Status): boolean {
  const { upUplinks, upPeers } = counts(status)
  const isWhole = upPeers === status.peers.length && upUplinks.length > 0
  return status.datapathUptimeSeconds !== null && status.site !== null && isWhole
}

function upText(status: Status): string {
  const { upUplinks, upPeers } = counts(status)
  const { uplinks, peers, datapathUptimeSeconds } = status
  const texts = [
    overviewText.ofAll(upUplinks.length, uplinks.length, 'uplink'),
    ...(peers.length === 0 ? [] : [overviewText.ofAll(upPeers, peers.length, 'peer')]),
  ]
  const isOne = texts.length === 1 && uplinks.length === 1
  return overviewText.up(list(texts), isOne, datapathUptimeSeconds ?? 0)
}

function goesOnText(status: Status): string {
  const { upUplinks, upPeers } = counts(status)
  if (upUplinks.length === 0 || status.peers.length === 0 || upPeers === 0) return ''
  const used = status.peers.flatMap(({ state, uplink }) =>
    state === 'up' && uplink !== null ? [uplink] : [],
  )
  const names = used.length > 0 ? [...new Set(used)] : upUplinks.map(({ name }) => name)
  return overviewText.goesOn(names, overviewText.reached(upPeers, status.peers.length))
}
