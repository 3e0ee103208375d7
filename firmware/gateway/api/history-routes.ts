/** The routes about what was: figures over time, and what happened in words. */
import {
  HistoryOfBox,
  HistoryOfBoxParams,
  HistoryOfName,
  HistoryOfNameParams,
} from '../../model/local-api-history.ts'
import { type RecentEvent, RecentEventsAnswer } from '../../model/local-api-recent.ts'
import type { LocalRoute } from './local-route.ts'

export interface HistoryRouteParts {
  /** @throws API_NOT_FOUND, STORE_BUSY, STORE_READ_FAILED */
  readonly ofName: (kind: 'uplink' | 'peer', name: string, span: string) => Promise<HistoryOfName>
  /** @throws STORE_BUSY, STORE_READ_FAILED */
  readonly ofBox: (span: string) => Promise<HistoryOfBox>
  /** Newest first. */
  readonly recent: () => Promise<RecentEvent[]>
}

const errors = ['STORE_BUSY', 'STORE_READ_FAILED'] as const

export function historyRoutes(history: HistoryRouteParts): readonly LocalRoute[] {
  return [
    ...(['uplink', 'peer'] as const).map(
      (kind): LocalRoute => ({
        method: 'GET',
        url: `/api/v1/history/${kind}s/:name/:span`,
        needs: 'status.read',
        summary: `Throughput, loss, latency and jitter of ${kind === 'uplink' ? 'an uplink' : 'a peer'} over the last minutes, hour, day, week or month, or so many of them ago.`,
        params: HistoryOfNameParams,
        answer: HistoryOfName,
        errors,
        handle: async ({ params }) => {
          const { name, span } = params as HistoryOfNameParams
          return { body: await history.ofName(kind, name, span) }
        },
      }),
    ),
    {
      method: 'GET',
      url: '/api/v1/history/box/:span',
      needs: 'status.read',
      summary: 'For how much of the time all was well; gaps are times in which the box was off.',
      params: HistoryOfBoxParams,
      answer: HistoryOfBox,
      errors,
      handle: async ({ params }) => {
        return { body: await history.ofBox((params as HistoryOfBoxParams).span) }
      },
    },
    {
      method: 'GET',
      url: '/api/v1/events/recent',
      needs: 'status.read',
      summary: 'The last things that happened, in words, newest first; kept across restarts.',
      answer: RecentEventsAnswer,
      handle: async () => ({ body: { events: await history.recent() } }),
    },
  ]
}
