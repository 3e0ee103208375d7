/** The routes about the box as a machine: how it is, backup and restore, firmware, restart. */

import type { Upload } from '../../host/slots/slots.ts'
import { configErrors, type ErrorCode } from '../../model/errors.ts'
import {
  BackupContents,
  BackupLookRequest,
  BackupRequest,
  RestoreAnswer,
  RestoreRequest,
} from '../../model/local-api-backup.ts'
import { SlotsAnswer } from '../../model/local-api-slots.ts'
import { RestartAnswer, RestartRequest, SystemAnswer } from '../../model/local-api-system.ts'
import {
  mostBackupBytes,
  mostInstallMs,
  mostUpdateBytes,
  secretAnswerMs,
  slotAnswerMs,
} from '../../model/upkeep-limits.ts'
import type { LocalRoute } from './local-route.ts'

export interface SystemParts {
  readonly show: () => Promise<SystemAnswer>
  /** @throws HOST_NO_APPLIANCE */
  readonly restart: (what: RestartRequest['what']) => Promise<RestartAnswer>
  readonly backup: {
    /** @throws API_NOT_READY, API_BUSY, STORE_ errors */
    readonly make: (request: BackupRequest) => Promise<Uint8Array>
    /** @throws BACKUP_ errors, API_BUSY */
    readonly look: (request: BackupLookRequest) => Promise<BackupContents>
    /** @throws BACKUP_, CONFIG_, STORE_ errors, API_BUSY */
    readonly restore: (request: RestoreRequest) => Promise<RestoreAnswer>
  }
  readonly firmware: {
    readonly show: () => Promise<SlotsAnswer>
    /** @throws UPDATE_ errors, API_TOO_LARGE, HOST_ errors */
    readonly install: (upload: Upload) => Promise<SlotsAnswer>
    /** @throws UPDATE_ errors */
    readonly markGood: () => Promise<SlotsAnswer>
    /** @throws UPDATE_ errors */
    readonly rollBack: () => Promise<SlotsAnswer>
  }
}

/** In base64, and what stands around it. */
const restoreMaxBytes = Math.ceil(mostBackupBytes / 3) * 4 + 4_096
/** The longest wait for a confirm, and a little. */
const restoreAnswerMs = 130_000

const opening: readonly ErrorCode[] = [
  ...['BACKUP_INVALID', 'BACKUP_TRUNCATED', 'BACKUP_VERSION', 'BACKUP_PASSPHRASE'],
  ...['BACKUP_BROKEN', 'API_BUSY'],
] as ErrorCode[]

export function systemRoutes({ show, restart, backup, firmware }: SystemParts): LocalRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/v1/system',
      needs: 'status.read',
      summary: 'The machine: load, memory, temperature, disk, clock, certificates, owner.',
      answer: SystemAnswer,
      handle: async () => ({ body: await show() }),
    },
    {
      method: 'POST',
      url: '/api/v1/system/restart',
      needs: 'restart',
      isFresh: true,
      summary:
        'Starts the gateway or the whole machine anew; forwarding goes on without the gateway.',
      body: RestartRequest,
      answer: RestartAnswer,
      errors: ['HOST_NO_APPLIANCE'],
      handle: async ({ body }) => ({ body: await restart((body as RestartRequest).what) }),
    },
    {
      method: 'POST',
      url: '/api/v1/backup',
      needs: 'backup',
      isFresh: true,
      summary:
        'Configuration with its secrets and users, and if wanted the keys: one encrypted file.',
      body: BackupRequest,
      answerMs: secretAnswerMs,
      answer: 'application/octet-stream',
      errors: ['API_NOT_READY', 'API_BUSY', 'STORE_KEY_PERMISSIONS', 'STORE_KEY_INVALID'],
      handle: async ({ body }) => ({ body: Buffer.from(await backup.make(body as BackupRequest)) }),
    },
    {
      method: 'POST',
      url: '/api/v1/backup/look',
      needs: 'backup',
      isFresh: true,
      summary: 'What a backup holds. Changes nothing.',
      body: BackupLookRequest,
      bodyMaxBytes: restoreMaxBytes,
      answerMs: secretAnswerMs,
      answer: BackupContents,
      errors: opening,
      handle: async ({ body }) => ({ body: await backup.look(body as BackupLookRequest) }),
    },
    {
      method: 'POST',
      url: '/api/v1/backup/restore',
      needs: 'backup',
      isFresh: true,
      summary:
        'Tries the configuration of a backup as any other, its users with the confirm; or becomes its box.',
      body: RestoreRequest,
      bodyMaxBytes: restoreMaxBytes,
      answerMs: restoreAnswerMs,
      answer: RestoreAnswer,
      errors: [
        ...opening,
        ...(['BACKUP_NO_IDENTITY', 'BACKUP_OWNED'] as const),
        ...configErrors,
        ...(['API_NOT_READY', 'STORE_WRITE_FAILED'] as const),
      ],
      handle: async ({ body }) => ({ body: await backup.restore(body as RestoreRequest) }),
    },
    ...slotRoutes(firmware),
  ]
}

function slotRoutes(firmware: SystemParts['firmware']): LocalRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/v1/slots',
      needs: 'status.read',
      summary: 'Slots of the firmware, and an update on its way into one.',
      answerMs: slotAnswerMs,
      answer: SlotsAnswer,
      handle: async () => ({ body: await firmware.show() }),
    },
    {
      method: 'POST',
      url: '/api/v1/slots/install',
      needs: 'update',
      isFresh: true,
      summary: 'Takes an update, which the next start tries. The body is the file as it is.',
      uploadMaxBytes: mostUpdateBytes,
      answerMs: mostInstallMs,
      answer: SlotsAnswer,
      errors: [
        ...(['UPDATE_UNSUPPORTED', 'UPDATE_NOT_PROVEN', 'UPDATE_BUSY', 'UPDATE_NO_ROOM'] as const),
        ...(['UPDATE_TRUNCATED', 'UPDATE_REFUSED', 'UPDATE_OLDER', 'STORE_WRITE_FAILED'] as const),
        ...(['HOST_COMMAND_FAILED', 'HOST_COMMAND_TIMEOUT'] as const),
      ],
      handle: async ({ upload }) => ({ body: await firmware.install(upload!) }),
    },
    {
      method: 'POST',
      url: '/api/v1/slots/good',
      needs: 'update',
      isFresh: true,
      summary: 'Says that what runs has proven itself: it is not gone back from.',
      answerMs: slotAnswerMs,
      answer: SlotsAnswer,
      errors: ['UPDATE_UNSUPPORTED', 'UPDATE_BUSY'],
      handle: async () => ({ body: await firmware.markGood() }),
    },
    {
      method: 'POST',
      url: '/api/v1/slots/rollback',
      needs: 'update',
      isFresh: true,
      summary: 'Has the next start be by the other slot.',
      answerMs: slotAnswerMs,
      answer: SlotsAnswer,
      errors: ['UPDATE_UNSUPPORTED', 'UPDATE_NO_OTHER', 'UPDATE_BUSY'],
      handle: async () => ({ body: await firmware.rollBack() }),
    },
  ]
}
