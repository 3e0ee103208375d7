/** The routes of recordings: begin, look, end, fetch. Payloads are cut off, unless somebody who may asks for them. */
import type { Asked } from '../../host/api/route.ts'
import { CausewayError } from '../../model/errors.ts'
import {
  CaptureAnswer,
  CaptureParams,
  CaptureRequest,
  CapturesAnswer,
} from '../../model/local-api-capture.ts'
import { isAllowed, type LocalPrincipal } from '../../model/local-user.ts'
import type { LocalRoute } from './local-route.ts'

export interface CaptureRouteParts {
  /** @throws API_INVALID, API_BUSY, API_NOT_READY, STORE_WRITE_FAILED */
  readonly begin: (request: CaptureRequest, isFull: boolean) => Promise<CaptureAnswer>
  /** Newest first. */
  readonly list: () => readonly CaptureAnswer[]
  /** @throws API_NOT_FOUND */
  readonly show: (id: string) => CaptureAnswer
  readonly stop: (id: string) => CaptureAnswer
  /** @throws API_NOT_FOUND, API_BUSY while it is written */
  readonly file: (id: string, who: LocalPrincipal) => Promise<Buffer>
}

const beginErrors = ['API_BUSY', 'API_NOT_READY', 'STORE_WRITE_FAILED'] as const
const fileMs = 60_000

/** For the record: where, and of which packets. */
function target({ body }: Pick<Asked, 'body'>): string {
  const { uplink, lan, segment, filter } = body as CaptureRequest
  return `${uplink ?? lan ?? segment ?? ''} ${JSON.stringify(filter ?? {})}`
}

export function captureRoutes(capture: CaptureRouteParts): readonly LocalRoute[] {
  return [
    {
      method: 'POST',
      url: '/api/v1/capture',
      needs: 'capture',
      summary: 'Begins to record packets at an uplink, a LAN or a segment; payloads are cut off.',
      body: CaptureRequest,
      answer: CaptureAnswer,
      errors: beginErrors,
      target,
      handle: async ({ body }) => ({ body: await capture.begin(body as CaptureRequest, false) }),
    },
    {
      method: 'POST',
      url: '/api/v1/capture/full',
      needs: 'capture.full',
      isFresh: true,
      summary: 'The same with payloads: what people send is readable in it.',
      body: CaptureRequest,
      answer: CaptureAnswer,
      errors: beginErrors,
      target,
      handle: async ({ body }) => ({ body: await capture.begin(body as CaptureRequest, true) }),
    },
    {
      method: 'GET',
      url: '/api/v1/capture',
      needs: 'capture',
      summary: 'The recordings that there are, newest first.',
      answer: CapturesAnswer,
      handle: () => ({ body: { captures: capture.list() } }),
    },
    {
      method: 'POST',
      url: '/api/v1/capture/:id/stop',
      needs: 'capture',
      summary: 'Ends a recording.',
      params: CaptureParams,
      answer: CaptureAnswer,
      handle: ({ params }) => ({ body: capture.stop((params as CaptureParams).id) }),
    },
    {
      method: 'GET',
      url: '/api/v1/capture/:id/file',
      needs: 'capture',
      summary: 'One as pcapng; with payloads it needs what recording them needs.',
      params: CaptureParams,
      answer: 'application/x-pcapng',
      answerMs: fileMs,
      errors: ['API_BUSY', 'API_FORBIDDEN'],
      handle: async ({ params }, who) => {
        const { id } = params as CaptureParams
        if (capture.show(id).isFull && !isAllowed(who.role, 'capture.full'))
          throw new CausewayError('API_FORBIDDEN', 'payloads are for administrators')
        return { body: await capture.file(id, who) }
      },
    },
  ]
}
