/** The routes about configurations: show, apply, confirm, rollback, history. */

import { CausewayError, configErrors } from '../../model/errors.ts'
import {
  ApplyRequest,
  ChangeAnswer,
  ConfigAnswer,
  HistoryAnswer,
  HistoryEntry,
  HistoryParams,
} from '../../model/local-api-config.ts'
import type { LocalRoute } from './local-route.ts'

export interface ConfigParts {
  readonly show: () => ConfigAnswer
  /** In place, or permanent without a confirm, once it returns. @throws CONFIG_, STORE_ errors */
  readonly apply: (text: string, confirmSeconds: number) => Promise<void>
  /** Permanent once it returns. @throws CONFIG_, STORE_ errors */
  readonly confirm: () => Promise<void>
  readonly rollback: () => Promise<void>
  /** Newest first. */
  readonly history: () => HistoryAnswer['entries']
  /** Null when there is none of this number. */
  readonly entry: (number: number) => HistoryEntry | null
}

/** A megabyte of text, and what JSON adds to it. */
const applyMaxBytes = 3 * 1024 * 1024
/** The longest wait for a confirm, and a little. */
const applyAnswerMs = 130_000

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
      errors: [...configErrors, 'STORE_WRITE_FAILED', 'API_NOT_READY'],
      handle: async ({ body }) => {
        const { text, confirmSeconds } = body as ApplyRequest
        await config.apply(text, confirmSeconds)
        return answer()
      },
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
      handle: ({ params }) => {
        const number = Number((params as HistoryParams).number)
        const entry = config.entry(number)
        if (entry !== null) return { body: entry }
        throw new CausewayError('API_NOT_FOUND', `there is no entry ${number}`)
      },
    },
  ]
}
