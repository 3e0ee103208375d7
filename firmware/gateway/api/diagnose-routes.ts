/** The routes of tests, of the log and of the support bundle. Recordings are capture-routes.ts's. */
import type { ErrorCode } from '../../model/errors.ts'
import {
  DnsRequest,
  LinkRequest,
  MtuRequest,
  PingRequest,
  PlacesAnswer,
  RunAnswer,
  type RunKind,
  RunParams,
  SpeedRequest,
  TraceRequest,
} from '../../model/local-api-diagnose.ts'
import { FlowsAnswer } from '../../model/local-api-flow.ts'
import { LogAnswer, LogParams } from '../../model/local-api-log.ts'
import type { LocalPrincipal } from '../../model/local-user.ts'
import type { LocalRoute } from './local-route.ts'

export interface DiagnoseParts {
  /** Names; none while no configuration runs. */
  readonly places: () => PlacesAnswer
  /** Each begins a test. @throws API_INVALID, API_BUSY, API_NOT_READY */
  readonly ping: (request: PingRequest) => RunAnswer
  readonly trace: (request: TraceRequest) => RunAnswer
  readonly mtu: (request: MtuRequest) => RunAnswer
  readonly speed: (request: SpeedRequest) => RunAnswer
  readonly dns: (request: DnsRequest) => RunAnswer
  readonly link: (request: LinkRequest) => RunAnswer
  /** @throws API_NOT_FOUND */
  readonly run: (id: string) => RunAnswer
  readonly stopRun: (id: string) => RunAnswer
  /** The lines after that number. */
  readonly log: (after: number) => LogAnswer
  /** @throws API_NOT_READY, DATAPATH_ errors */
  readonly flows: () => Promise<FlowsAnswer>
  /** A .tar.gz. @throws API_BUSY */
  readonly bundle: (who: LocalPrincipal) => Promise<Buffer>
}

const beginErrors: readonly ErrorCode[] = ['API_BUSY', 'API_NOT_READY']
/** Some tools of the machine answer slowly where it is busy. */
const bundleMs = 60_000

export function diagnoseRoutes(parts: DiagnoseParts): readonly LocalRoute[] {
  const begin = (kind: RunKind, body: object, summary: string): LocalRoute => ({
    method: 'POST',
    url: `/api/v1/diagnose/${kind}`,
    needs: 'diagnose',
    isQuiet: true,
    summary,
    body,
    answer: RunAnswer,
    errors: beginErrors,
    handle: ({ body: request }) => ({ body: parts[kind](request as never) }),
  })
  const ofRun = (
    method: 'GET' | 'POST',
    end: '' | '/stop',
    summary: string,
    handle: (id: string) => RunAnswer,
  ): LocalRoute => ({
    method,
    url: `/api/v1/diagnose/runs/:id${end}`,
    needs: 'diagnose',
    isQuiet: true,
    summary,
    params: RunParams,
    answer: RunAnswer,
    handle: ({ params }) => ({ body: handle((params as RunParams).id) }),
  })
  return [
    {
      method: 'GET',
      url: '/api/v1/diagnose/places',
      needs: 'diagnose',
      summary: 'Names of uplinks, LANs, segments and peers, for tests and recordings.',
      answer: PlacesAnswer,
      handle: () => ({ body: parts.places() }),
    },
    begin('ping', PingRequest, 'Begins to ping an address or a name, from where it is told.'),
    begin('trace', TraceRequest, 'Begins to look who passes packets on, on the way to an address.'),
    begin(
      'mtu',
      MtuRequest,
      'Begins to look what size the way to an address or a peer takes whole.',
    ),
    begin(
      'speed',
      SpeedRequest,
      'Begins to measure what one TCP transfer gets through the overlay to a peer, and from it.',
    ),
    begin('dns', DnsRequest, 'Begins to look a name up, with the box’s servers or another one.'),
    begin('link', LinkRequest, 'Begins to test an uplink, from the plug outwards.'),
    ofRun('GET', '', 'How a test stands. One after which nobody asks for 6 s ends.', (id) =>
      parts.run(id),
    ),
    ofRun('POST', '/stop', 'Ends a test.', (id) => parts.stopRun(id)),
    {
      method: 'GET',
      url: '/api/v1/log',
      needs: 'log.read',
      summary: 'The last thousand lines of the gateway’s log, oldest first.',
      answer: LogAnswer,
      handle: () => ({ body: parts.log(0) }),
    },
    {
      method: 'GET',
      url: '/api/v1/log/after/:after',
      needs: 'log.read',
      summary: 'Those of them that came after the line with this number.',
      params: LogParams,
      answer: LogAnswer,
      handle: ({ params }) => ({ body: parts.log(Number((params as LogParams).after)) }),
    },
    {
      method: 'GET',
      url: '/api/v1/flows',
      needs: 'diagnose',
      summary: 'Flows that pass now, with segment, policy, path and verdict; what the list covers.',
      answer: FlowsAnswer,
      errors: ['API_NOT_READY', 'DATAPATH_UNREACHABLE', 'DATAPATH_BUSY', 'DATAPATH_REFUSED'],
      handle: async () => ({ body: await parts.flows() }),
    },
    {
      method: 'GET',
      url: '/api/v1/bundle',
      needs: 'log.read',
      summary:
        'What the box knows of itself, without secrets, as one .tar.gz: for whoever is to help.',
      answer: 'application/gzip',
      answerMs: bundleMs,
      errors: ['API_BUSY'],
      handle: async (_, who) => ({ body: await parts.bundle(who) }),
    },
  ]
}
