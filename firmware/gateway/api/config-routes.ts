/** The routes about configurations: show, apply, confirm, rollback, history. */

import { configErrors, type ErrorCode } from '../../model/errors.ts'
import {
  ApplyEntryRequest,
  ApplyRequest,
  ChangeAnswer,
  CheckAnswer,
  CheckRequest,
  ConfigAnswer,
  HistoryAnswer,
  HistoryEntry,
  HistoryParams,
} from '../../model/local-api-config.ts'
import type { LocalRoute } from './local-route.ts'

export interface ConfigParts {
  readonly show: () => ConfigAnswer
  /** Changes nothing. @throws API_NOT_FOUND: there is no entry that it is based on */
  readonly check: (request: CheckRequest) => CheckAnswer
  /** In place, or permanent without a confirm, once it returns. @throws CONFIG_, STORE_ errors, API_NOT_FOUND as above */
  readonly apply: (request: ApplyRequest) => Promise<void>
  /** The same of an entry of the history. @throws API_NOT_FOUND as well */
  readonly applyEntry: (number: number, confirmSeconds: number) => Promise<void>
  /** Permanent once it returns. @throws CONFIG_, STORE_ errors */
  readonly confirm: () => Promise<void>
  readonly rollback: () => Promise<void>
  /** Newest first. */
  readonly history: () => HistoryAnswer['entries']
  /** @throws API_NOT_FOUND */
  readonly entry: (number: number) => HistoryEntry
}

/** A megabyte of text, and what JSON adds to it. */
const applyMaxBytes = 3 * 1024 * 1024
/** The longest wait for a confirm, and a little. */
const applyAnswerMs = 130_000

const applyErrors: readonly ErrorCode[] = [...configErrors, 'STORE_WRITE_FAILED', 'API_NOT_READY']

export function configRoutes(config: ConfigParts): readonly LocalRoute[] {
  const answer = (): { body: ChangeAnswer } => {
    const { revision, pendingChange } = config.show()
    return { body: { revision, pendingChange } }
  }
  return [
    {
      method: 'GET',
      url: '/api/v1/config',
      needs: 'config.read',
      summary: 'The configuration that runs, and a change that waits for its confirm.',
      answer: ConfigAnswer,
      handle: () => ({ body: config.show() }),
    },
    {
      method: 'POST',
      url: '/api/v1/config/apply',
      needs: 'config.write',
      summary:
        'Tries a configuration: answers once it is in place. It is taken back unless it is confirmed in time.',
      body: ApplyRequest,
      bodyMaxBytes: applyMaxBytes,
      answerMs: applyAnswerMs,
      answer: ChangeAnswer,
      errors: applyErrors,
      handle: async ({ body }) => {
        await config.apply(body as ApplyRequest)
        return answer()
      },
    },
    {
      method: 'POST',
      url: '/api/v1/config/check',
      needs: 'config.write',
      summary:
        'What applying a configuration would say, and what it would change of what runs. Changes nothing.',
      body: CheckRequest,
      bodyMaxBytes: applyMaxBytes,
      answer: CheckAnswer,
      handle: ({ body }) => ({ body: config.check(body as CheckRequest) }),
    },
    {
      method: 'POST',
      url: '/api/v1/config/confirm',
      needs: 'config.write',
      summary: 'Makes the change that waits permanent: answers once it is on the disk.',
      answer: ChangeAnswer,
      errors: [
        'CONFIG_NOT_PENDING',
        'CONFIG_PENDING',
        'CONFIG_UNCONFIRMED',
        'CONFIG_CONFLICT',
        'STORE_WRITE_FAILED',
      ],
      handle: async () => {
        await config.confirm()
        return answer()
      },
    },
    {
      method: 'POST',
      url: '/api/v1/config/rollback',
      needs: 'config.write',
      summary: 'Takes the change that waits back.',
      answer: ChangeAnswer,
      errors: ['CONFIG_NOT_PENDING', 'CONFIG_PENDING'],
      handle: async () => {
        await config.rollback()
        return answer()
      },
    },
    {
      method: 'GET',
      url: '/api/v1/config/history',
      needs: 'config.read',
      summary: 'The configurations that ran here, newest first.',
      answer: HistoryAnswer,
      handle: () => ({ body: { entries: config.history() } }),
    },
    {
      method: 'GET',
      url: '/api/v1/config/history/:number',
      needs: 'config.read',
      summary: 'One of them with its text; secrets are hidden.',
      params: HistoryParams,
      answer: HistoryEntry,
      handle: ({ params }) => ({ body: config.entry(numberOf(params)) }),
    },
    {
      method: 'POST',
      url: '/api/v1/config/history/:number/apply',
      needs: 'config.write',
      summary: 'Tries one of them again, under the next revision, like any other change.',
      params: HistoryParams,
      body: ApplyEntryRequest,
      answerMs: applyAnswerMs,
      answer: ChangeAnswer,
      errors: applyErrors,
      handle: async ({ params, body }) => {
        await config.applyEntry(numberOf(params), (body as ApplyEntryRequest).confirmSeconds)
        return answer()
      },
    },
  ]
}

function numberOf(params: unknown): number {
  return Number((params as HistoryParams).number)
}
