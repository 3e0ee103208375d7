/** Which of several peers that have a destination carries a flow, and why not one before it. Pure. */
import type { ExplainedPeer } from '../model/explanation.ts'
import type { ExplainedPeerAnswer, Finding } from '../model/local-api-explain.ts'
import { type ExplainFacts, listText, timeText } from './explain-facts.ts'

export function peerAnswers({ explanation }: ExplainFacts): ExplainedPeerAnswer[] {
  return explanation.peers.map((one) => ({
    peer: one.peer,
    isHub: one.isHub,
    standing: one.standing,
    sentence: standingText(one),
  }))
}

/** Of a flow that one carries before which another one stands. */
export function carrierFinding({ explanation }: ExplainFacts): Finding | null {
  const { peers, peer } = explanation
  const at = peers.findIndex(({ standing }) => standing === 'carries')
  const before = peers.slice(0, Math.max(at, 0)).filter(({ standing }) => standing !== 'barred')
  if (before.length === 0) return null
  const why = listText(before.map((one) => `${one.peer} ${standingText(one)}`))
  return { cause: 'hub-carries', sentence: `${why}; ${peer} carries.` }
}

function standingText({ standing, holdMs }: ExplainedPeer): string {
  switch (standing) {
    case 'carries':
      return 'carries'
    case 'spare':
      return 'is reached, and one before it carries'
    case 'held':
      return `is reached again, and trusted in ${timeText(holdMs)}`
    case 'no-session':
      return 'is not reached: there is no session with it'
    case 'down':
      return 'is not reached: none of its paths is up'
    case 'silent':
      return 'is not reached: nothing is heard by any of its paths'
    case 'barred':
      return 'is out of the question: it came from there, or it would go from hub to hub'
  }
}
