/** Answers what becomes of a flow: asks the datapath, and gathers what the gateway knows about the peer and the uplinks. */
import { CausewayError } from '../model/errors.ts'
import type { Status } from '../model/local-api.ts'
import type { ExplainAnswer, ExplainRequest } from '../model/local-api-explain.ts'
import { noQueues } from '../model/queue-counters.ts'
import { explain } from '../plan/explain.ts'
import { questionOf } from '../plan/flow-question.ts'
import type { Core } from './core.ts'

/** @throws API_INVALID, API_NOT_READY, DATAPATH_ errors */
export async function explainAnswer(
  core: Pick<Core, 'datapath' | 'reconciler' | 'peering' | 'telemetry' | 'denials' | 'numbered'>,
  status: () => Status,
  request: ExplainRequest,
): Promise<ExplainAnswer> {
  const { config } = core.reconciler.outcome.running
  if (config === null) throw new CausewayError('API_NOT_READY', 'no configuration runs')
  const ask = questionOf(request, config)
  const datapath = core.datapath()
  if (datapath === null) throw new CausewayError('API_NOT_READY', 'the datapath does not answer')
  const [explanation, now] = await Promise.all([datapath.explain(ask), datapath.queues()])
  return explain({
    config,
    ask,
    explanation,
    numbered: core.numbered(),
    session: core.peering.status().find(({ peer }) => peer === explanation.peer) ?? null,
    reach: core.peering.reaches().find(({ peer }) => peer === explanation.peer) ?? null,
    relaying: core.peering.relaying(),
    uplinks: status().uplinks,
    counters: core.telemetry.reading.counters,
    queues: { now, before: core.telemetry.reading.queues?.before.queues ?? noQueues },
    denials: core.denials.recent(),
  })
}
