/** How canned answers are written: by route, as functions of what was asked. Those of later files go before earlier ones. */
import type { Status } from '../../../firmware/model/local-api.ts'
import type { ApiEvent } from '../../../firmware/model/local-api-event.ts'
import type { LocalRole } from '../../../firmware/model/local-user.ts'

/** How the box is that the pages look at. */
export interface Scene {
  /** Null: nobody is signed in. */
  readonly role: LocalRole | null
  /** Who; absent: anna is the admin. */
  readonly name?: string
  /** Of the session; absent: the first one. */
  readonly csrf?: string
  /** No user yet. */
  readonly isFirst: boolean
  /** `well`: all is. `cut`: wan0 is down. `worn`: several things are wrong at once. `blank`: no configuration. */
  readonly site: 'well' | 'cut' | 'worn' | 'blank'
}

export interface CannedAsked {
  readonly params: Readonly<Record<string, string>>
  readonly body: unknown
  readonly box: CannedBox
}

/** What answers may change. */
export interface CannedBox {
  scene: Scene
  status: () => Status
  /** To all who follow the events. */
  readonly tell: (event: ApiEvent) => void
}

/** An error: its HTTP status and body. */
export class CannedError extends Error {
  readonly status: number
  readonly body: unknown

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.body = { code, message }
  }
}

/** `GET /api/v1/history/uplinks/:name/:span` → its answer. */
export type Canned = Readonly<Record<string, (asked: CannedAsked) => unknown>>
