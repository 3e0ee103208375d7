/**
 * The speed test to a peer: what one TCP transfer gets through the overlay, first there, then back, beside what the paths say now.
 * The peer is asked within the sealed session; what it lets in is speed-server.ts's.
 */
import type { Clock } from '../../host/clock/clock.ts'
import { byLine } from '../../host/system/follow.ts'
import type { Family } from '../../model/address.ts'
import type { DeviceConfig } from '../../model/device-config.ts'
import {
  type RunStep,
  type SpeedRequest,
  speedUsualSeconds,
} from '../../model/local-api-diagnose.ts'
import type { PathAnswer } from '../../model/local-api-path.ts'
import { addressOf, isInside, isIpv6 } from '../../plan/prefix.ts'
import { type SpeedAnswer, speedStatus } from '../../wire/speed.ts'
import { clientArguments, isAbsent, isBusy, readIperf, speedText, transferMs } from './iperf.ts'
import { msText } from './ping.ts'
import { configOf, namedOf, refuse, type Surroundings } from './place.ts'
import type { Tellable, Work } from './runs.ts'
import type { Said, SpeedTalk } from './speed-talk.ts'

const mostPaths = 16
/** The far end may need a moment to be done with the way there before the way back. */
const busy = { tries: 5, againMs: 500 }

export interface SpeedSurroundings extends Surroundings {
  readonly clock: Pick<Clock, 'after'>
}

interface Place {
  readonly peer: string
  readonly segment: string
  readonly vni: number
  readonly family: Family
  /** Of this box. */
  readonly own: string
  /** What is behind the peer there. */
  readonly theirs: readonly string[]
}

/** @throws API_INVALID, API_NOT_READY before it begins */
export function speedWork(request: SpeedRequest, around: SpeedSurroundings, talk: SpeedTalk): Work {
  const { seconds = speedUsualSeconds } = request
  const place = placeOf(request, configOf(around))
  const { peer, segment, vni, own } = place
  return async (tell, signal) => {
    const best = tellPaths(tell, peer, around)
    tell.conclude('info', `Asking ${peer} …`)
    const said = await talk.ask(peer, { vni, seconds, address: own }, signal)
    try {
      if (signal.aborted) return
      if (isYes(said, place)) {
        const ways: string[] = []
        for (const isBack of [false, true]) {
          const way: Way = { place, answer: said, seconds, isBack }
          const bps = await transfer(way, tell, around, signal)
          if (bps === null) return
          ways.push(`${speedText(bps)} ${wordOf(way)}`)
        }
        const told = `${ways.join(', ')}: one TCP transfer in segment ${segment}, each way ${seconds} s.`
        tell.conclude('good', [told, ...(best === null ? [] : [best])].join(' '))
      } else tellNo(tell, refusalOf(said, place))
    } finally {
      talk.close(peer)
      if (signal.aborted) tell.conclude('info', 'It was stopped.')
    }
  }
}

/** The first segment in which the box has a LAN and the peer prefixes, of one family. */
function placeOf({ peer: name, segment }: SpeedRequest, config: DeviceConfig): Place {
  const peer = namedOf('peer', name, config.peers)
  const among =
    segment === undefined ? config.segments : [namedOf('segment', segment, config.segments)]
  for (const { name: one, vni } of among) {
    const lans = config.lans.filter((lan) => lan.segment === one)
    const addresses = lans.flatMap(({ address }) => address)
    for (const family of [4, 6] as const) {
      const isOf = (text: string): boolean => isIpv6(text) === (family === 6)
      const theirs = (peer.segments[one] ?? []).filter(isOf)
      const own = addresses.find(isOf)
      if (own !== undefined && theirs.length > 0)
        return { peer: name, segment: one, vni, family, own: addressOf(own), theirs }
    }
  }
  if (segment === undefined)
    refuse('/peer', `shares no segment with a LAN of this box: '${name}' cannot be measured with`)
  refuse('/segment', `has no LAN here, or nothing of ${name} is in it`)
}

/** @returns the best one, as a sentence */
function tellPaths(tell: Tellable, peer: string, around: Surroundings): string | null {
  const found = around.paths().peers.find((one) => one.peer === peer)?.paths ?? []
  for (const path of found.slice(0, mostPaths)) {
    const { uplink, endpoint, state, isBest, explanation } = path
    const way = `${uplink} to ${endpoint}${isBest ? ', the best now' : ''}`
    const isUp = state === 'up'
    const sentence = isUp ? `${way}: ${qualityOf(path)}` : `${way}: ${explanation ?? state}`
    tell.step({ verdict: isUp ? 'good' : 'unknown', sentence })
  }
  const best = found.find(({ isBest, state }) => isBest && state === 'up')
  return best === undefined
    ? null
    : `The best path before it, by ${best.uplink}: ${qualityOf(best)}.`
}

function qualityOf({ rttSeconds, tx, rx }: PathAnswer): string {
  const losses = [tx.lossRatio, rx.lossRatio].filter((ratio) => ratio !== null)
  const loss = losses.length === 0 ? 'loss not known' : lossText(Math.max(...losses))
  return `${rttSeconds === null ? 'round trip not known' : msText(rttSeconds)}, ${loss}`
}

function lossText(ratio: number): string {
  return ratio === 0 ? 'no loss' : `${(ratio * 100).toFixed(ratio < 0.1 ? 2 : 0)} % loss`
}

interface Way {
  readonly place: Place
  readonly answer: SpeedAnswer
  readonly seconds: number
  readonly isBack: boolean
}

function wordOf({ place: { peer }, isBack }: Way): string {
  return `${isBack ? 'from' : 'to'} ${peer}`
}

/** Null: it came to nothing, which is told. @throws HOST_COMMAND_FAILED when nothing can be started */
async function transfer(
  way: Way,
  tell: Tellable,
  { tools, clock }: SpeedSurroundings,
  signal: AbortSignal,
): Promise<number | null> {
  const { place, answer, seconds, isBack } = way
  const { port, address: to } = answer
  const word = wordOf(way)
  let received: number | null = null
  let resent: number | null = null
  let hasBegun = false
  const onData = byLine((line) => {
    const said = readIperf(line)
    if (said?.kind === 'second') {
      hasBegun = true
      tell.step({
        verdict: 'info',
        number: said.second,
        sentence: `${speedText(said.bps)} ${word}`,
      })
      tell.conclude('info', `${speedText(said.bps)} ${word} now …`)
    } else if (said?.kind === 'total' && said.by === 'receiver') received = said.bps
    else if (said?.kind === 'total') resent = said.resent
  })
  const argv = clientArguments({ ...place, port, to, seconds, isBack })
  const timeoutMs = transferMs({ seconds })
  const follow = () => tools.follow(argv, { timeoutMs, signal, onData })
  let { code, said } = await follow()
  const isEarly = (): boolean => !hasBegun && isBusy(said) && !signal.aborted
  for (let tries = 1; tries < busy.tries && isEarly(); tries++) {
    await new Promise<void>((passed) => clock.after(busy.againMs, passed))
    ;({ code, said } = await follow())
  }
  if (signal.aborted) return null
  if (code !== 0 || received === null || received === 0) {
    tellNo(tell, failureOf(way, code, said))
    return null
  }
  const again = resent === null ? '' : `, ${resent} TCP packets were sent again`
  tell.step({ verdict: 'good', sentence: `${speedText(received)} ${word} in all${again}` })
  return received
}

interface No {
  readonly verdict: RunStep['verdict']
  readonly sentence: string
  readonly remedy: string
}

function tellNo(tell: Tellable, no: No): void {
  tell.step(no)
  tell.conclude(no.verdict, no.sentence)
}

const later = 'Try again in half a minute.'

function failureOf(way: Way, code: number | null, said: string): No {
  const { peer } = way.place
  if (isAbsent(code))
    return {
      verdict: 'unknown',
      sentence: 'This box has no iperf3, which does the test.',
      remedy: 'Install it here: apt-get install iperf3.',
    }
  const told = said.split('\n').map(readIperf)
  const error = told.find((one) => one?.kind === 'error')
  const why = error?.kind === 'error' ? `: ${error.why}` : ', within its time'
  return {
    verdict: 'bad',
    sentence: `Nothing was measured ${wordOf(way)}${why}.`,
    remedy: `Ping ${way.answer.address} from segment ${way.place.segment}: does ${peer} answer there, and do large packets pass?`,
  }
}

/** It must not have this box speak to whomever it likes. */
function isYes(said: Said, { theirs, family }: Place): said is SpeedAnswer {
  if (typeof said === 'string' || said.status !== speedStatus.agreed) return false
  const isOfFamily = isIpv6(said.address) === (family === 6)
  return isOfFamily && isInside(said.address, theirs) && said.port >= 1_024
}

function refusalOf(said: Said, { peer, segment, own }: Place): No {
  if (said === 'unsent')
    return {
      verdict: 'bad',
      sentence: `There is no session with ${peer}, so nothing passes to it.`,
      remedy: 'Peers says why it is not reached.',
    }
  if (said === 'silent')
    return {
      verdict: 'unknown',
      sentence: `${peer} does not answer: its firmware does not know this test, or it does not hear this box.`,
      remedy: 'Bring both boxes to the same release. Peers says whether its paths are up.',
    }
  const no = (sentence: string, remedy: string): No => ({ verdict: 'unknown', sentence, remedy })
  switch (said.status) {
    case speedStatus.agreed:
      return no(
        `${peer} names ${said.address}, which is none of its addresses in segment ${segment}.`,
        `Add the prefix of its LAN to segment ${segment} of this peer.`,
      )
    case speedStatus.busy:
      return no(`${peer} is at another speed test now.`, later)
    case speedStatus.often:
      return no(`${peer} had a speed test with this box less than half a minute ago.`, later)
    case speedStatus.nowhere:
      return no(
        `${peer} has no LAN in segment ${segment}, or ${own} is no address of this box to it.`,
        'Choose a segment in which both have a LAN, and see that its configuration has the prefix of this one.',
      )
    case speedStatus.absent:
      return no(
        `${peer} has no iperf3, which does the test.`,
        'Install it there: apt-get install iperf3.',
      )
    case speedStatus.failed:
      return no(`${peer} could not begin the test.`, 'Its log says why.')
    default:
      return no(
        `${peer} says no, for a reason that this release does not know (${said.status}).`,
        'Bring both boxes to the same release.',
      )
  }
}
