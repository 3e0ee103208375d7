/** Answers of plan/explain.ts about the sample configuration, for tests that change something of what is known. */
import assert from 'node:assert/strict'
import { Compile } from 'typebox/schema'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { type Cause, causes } from '../../../firmware/model/explain-cause.ts'
import type { Explanation } from '../../../firmware/model/explanation.ts'
import { ExplainAnswer, type ExplainRequest } from '../../../firmware/model/local-api-explain.ts'
import { explain } from '../../../firmware/plan/explain.ts'
import type { ExplainedSession, ExplainFacts } from '../../../firmware/plan/explain-facts.ts'
import { questionOf } from '../../../firmware/plan/flow-question.ts'
import { wholeConfig } from '../model/sample-config.ts'
import { sampleExplanation } from './sample-explanation.ts'

export const config = wholeConfig() as DeviceConfig
const isAnswer = Compile(ExplainAnswer)

const up: ExplainedSession = {
  state: 'up',
  stateAgeMs: 60_000,
  ended: null,
  canCall: true,
  failures: {},
  lastError: null,
}

export const uplinks = config.uplinks.map(({ name, nic, address, gateway }) => ({
  name,
  nic,
  address: address === 'dhcp' ? [] : [...address],
  gateway: gateway ?? null,
  isUp: true,
  throughput: null,
  nat: [],
  queue: null,
  ingress: null,
}))

export interface Change extends Partial<Omit<ExplainFacts, 'explanation' | 'session' | 'ask'>> {
  readonly ask?: Partial<ExplainRequest>
  readonly session?: Partial<ExplainedSession> | null
}

export function answerTo(said: Partial<Explanation>, { ask, session, ...change }: Change = {}) {
  const answer = explain({
    config,
    ask: questionOf({ from: '10.1.0.10', to: '10.0.0.5', ...ask }, config),
    explanation: sampleExplanation(said),
    numbered: (change.config ?? config).uplinks,
    session: session === null ? null : { ...up, ...session },
    reach: null,
    relaying: null,
    uplinks,
    counters: null,
    queues: null,
    denials: [],
    ...change,
  })
  assert.ok(isAnswer.Check(answer), JSON.stringify(answer))
  assert.equal(answer.passes, causes[answer.cause].passes)
  assert.ok(answer.also.every(({ cause }) => cause !== answer.cause))
  assert.match(answer.sentence, /\.$/)
  return answer
}

export function check(
  said: Partial<Explanation>,
  change: Change,
  cause: Cause,
  sentence: RegExp | string,
): void {
  const answer = answerTo(said, change)
  assert.equal(answer.cause, cause, answer.sentence)
  if (typeof sentence === 'string') assert.equal(answer.sentence, sentence)
  else assert.match(answer.sentence, sentence)
}

/** Flows from hub-1 into the LAN. */
export const inward = { from: 'peer', hop: 'link', port: 'lan0', nextHop: '10.1.0.10' } as const
export const fromHub = { ask: { from: '10.0.0.5', to: '10.1.0.10' } }
/** Away from here, to where no LAN and no peer is. */
export const nowhere: Partial<Explanation> = {
  ...{ hop: 'none', peer: '', policy: '', port: '', path: null, paths: [] },
}
