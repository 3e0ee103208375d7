/** All routes of the local API, in the order of its document. */

import { openapiOf } from '../../host/api/openapi.ts'
import type { ErrorCode } from '../../model/errors.ts'
import { Drops, Health, Status } from '../../model/local-api.ts'
import { type DenialAnswer, DenialsAnswer } from '../../model/local-api-denial.ts'
import { ApiEvent } from '../../model/local-api-event.ts'
import { ExplainAnswer, ExplainRequest } from '../../model/local-api-explain.ts'
import { PathsAnswer } from '../../model/local-api-path.ts'
import { type SessionAnswer, SessionsAnswer } from '../../model/local-api-session.ts'
import { type AccessRouteParts, accessRoutes } from './access-routes.ts'
import { type CaptureRouteParts, captureRoutes } from './capture-routes.ts'
import { type ConfigParts, configRoutes } from './config-routes.ts'
import { type DiagnoseParts, diagnoseRoutes } from './diagnose-routes.ts'
import { type EnrolmentParts, enrolmentRoutes } from './enrolment-routes.ts'
import { openEventStream, type Subscribe } from './event-stream.ts'
import { type HistoryRouteParts, historyRoutes } from './history-routes.ts'
import { type LanParts, lanRoutes } from './lan-routes.ts'
import type { LocalRoute } from './local-route.ts'
import { type SystemParts, systemRoutes } from './system-routes.ts'

export interface RouteParts {
  readonly status: () => Status
  /** @throws API_NOT_READY */
  readonly drops: () => Drops
  /** @throws API_NOT_READY */
  readonly paths: () => PathsAnswer
  /** Text and its content type. */
  readonly metrics: () => { readonly text: string; readonly type: string }
  readonly sessions: () => SessionAnswer[]
  /** Newest first. */
  readonly denials: () => DenialAnswer[]
  /** @throws API_INVALID, API_NOT_READY, DATAPATH_ errors */
  readonly explain: (request: ExplainRequest) => Promise<ExplainAnswer>
  readonly subscribe: Subscribe
  readonly config: ConfigParts
  readonly lan: LanParts
  readonly enrolment: EnrolmentParts
  readonly history: HistoryRouteParts
  readonly system: SystemParts
  readonly access: AccessRouteParts
  readonly diagnose: DiagnoseParts
  readonly capture: CaptureRouteParts
}

/** What any route may answer with. */
export const commonErrors: readonly ErrorCode[] = [
  'API_INVALID',
  'API_NOT_FOUND',
  'API_TOO_LARGE',
  'API_TIMEOUT',
  'API_INTERNAL',
  // By HTTPS, before a route is entered.
  ...(['API_UNAUTHENTICATED', 'API_FORBIDDEN', 'API_NOT_FRESH', 'API_CROSS_SITE'] as const),
  ...(['API_MISDIRECTED', 'API_RATE', 'API_NOT_READY'] as const),
]

export function routesOf(parts: RouteParts): readonly LocalRoute[] {
  const routes: LocalRoute[] = [
    {
      method: 'GET',
      url: '/api/v1/health',
      needs: 'status',
      summary:
        'Whether all is well, as 200, or what is not, as 503: for a load balancer or monitor.',
      answer: Health,
      otherStatuses: [503],
      handle: () => {
        const { isHealthy, problems } = parts.status()
        return { status: isHealthy ? 200 : 503, body: { isHealthy, problems } }
      },
    },
    {
      method: 'GET',
      url: '/api/v1/status',
      needs: 'status',
      summary: 'Uplinks, peers and health of the device.',
      answer: Status,
      handle: () => ({ body: parts.status() }),
    },
    {
      method: 'GET',
      url: '/api/v1/drops',
      needs: 'status.read',
      summary: 'Packets that were dropped, by reason.',
      answer: Drops,
      errors: ['API_NOT_READY'],
      handle: () => ({ body: parts.drops() }),
    },
    {
      method: 'GET',
      url: '/api/v1/paths',
      needs: 'status.read',
      summary:
        'Paths to each peer: state, quality, traffic, and why those that are not up are not.',
      answer: PathsAnswer,
      errors: ['API_NOT_READY'],
      handle: () => ({ body: parts.paths() }),
    },
    {
      method: 'GET',
      url: '/api/v1/sessions',
      needs: 'status.read',
      summary: 'Sessions with peers, without their secrets.',
      answer: SessionsAnswer,
      handle: () => ({ body: { sessions: parts.sessions() } }),
    },
    {
      method: 'GET',
      url: '/api/v1/denials',
      needs: 'status.read',
      summary: 'The last packets that policy kept out, newest first.',
      answer: DenialsAnswer,
      handle: () => ({ body: { denials: parts.denials() } }),
    },
    {
      method: 'POST',
      url: '/api/v1/explain',
      needs: 'diagnose',
      isQuiet: true,
      summary:
        'What becomes of a flow now, and why; what befell its packets of late. Changes nothing.',
      body: ExplainRequest,
      answer: ExplainAnswer,
      errors: ['API_NOT_READY', 'DATAPATH_UNREACHABLE', 'DATAPATH_BUSY', 'DATAPATH_REFUSED'],
      handle: async ({ body }) => ({ body: await parts.explain(body as ExplainRequest) }),
    },
    ...diagnoseRoutes(parts.diagnose),
    ...captureRoutes(parts.capture),
    ...configRoutes(parts.config),
    ...lanRoutes(parts.lan),
    ...enrolmentRoutes(parts.enrolment),
    ...historyRoutes(parts.history),
    ...systemRoutes(parts.system),
    ...accessRoutes(parts.access),
    {
      method: 'GET',
      url: '/api/v1/events',
      needs: 'status.read',
      summary: 'Server-sent events: first how all is, then what changes. Each data line is JSON.',
      answer: 'text/event-stream',
      answerSchema: ApiEvent,
      errors: ['API_BUSY'],
      handle: () => ({ body: null }),
      stream: openEventStream(parts.subscribe),
    },
    ...['/api/v1/metrics', '/metrics'].map(
      (url): LocalRoute => ({
        method: 'GET',
        url,
        needs: 'status.read',
        summary: 'Metrics in the text form of Prometheus.',
        answer: 'text/plain; version=0.0.4; charset=utf-8',
        handle: () => ({ body: parts.metrics().text }),
      }),
    ),
    {
      method: 'GET',
      url: '/api/v1/openapi.json',
      needs: 'signed-in',
      summary: 'This document.',
      answer: { type: 'object' },
      handle: () => ({ body: document }),
    },
  ]
  const document = openapiOf(routes, commonErrors, {
    title: 'Causeway local API',
    description:
      'What a gateway tells and takes, on its own socket and by HTTPS in its LANs. Fields are only ever added.',
  })
  return routes
}
