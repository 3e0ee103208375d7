/** The routes about whose the box is: who waits to own it, which code to compare, and where to ask. */
import type { Route } from '../../host/api/route.ts'
import {
  type ControllerSettings,
  EnrolmentAnswer,
  EnrolmentConfirm,
  EnrolmentController,
} from '../../model/enrolment.ts'

export interface EnrolmentParts {
  readonly show: () => EnrolmentAnswer
  /** @throws ZTP_CODE_WRONG, ZTP_OWNED */
  readonly confirm: (code: string) => void
  /** @throws ZTP_SETTINGS_INVALID, ZTP_OWNED */
  readonly ask: (settings: ControllerSettings) => void
  /** Makes the box blank; the gateway ends with it. */
  readonly reset: () => Promise<void>
}

/** Two roots, four controllers. */
const askMaxBytes = 8 * 1024

export function enrolmentRoutes(enrolment: EnrolmentParts): readonly Route[] {
  return [
    {
      method: 'GET',
      url: '/api/v1/enrolment',
      isForLan: true,
      summary:
        'Whose the box is, or who waits to own it and by which code; how its link to the controller is.',
      answer: EnrolmentAnswer,
      handle: () => ({ body: enrolment.show() }),
    },
    {
      method: 'POST',
      url: '/api/v1/enrolment/confirm',
      // Who can say so stands before the box: a box with an owner takes it from nobody.
      isForLan: true,
      summary: 'Says that a code that the box shows is the one that was typed at the controller.',
      body: EnrolmentConfirm,
      answer: EnrolmentAnswer,
      errors: ['ZTP_CODE_WRONG', 'ZTP_OWNED'],
      handle: ({ body }) => {
        enrolment.confirm((body as EnrolmentConfirm).code)
        return { body: enrolment.show() }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/enrolment/controller',
      summary:
        'Says where controllers are, until the gateway starts anew; controller.yaml says it for good.',
      body: EnrolmentController,
      bodyMaxBytes: askMaxBytes,
      answer: EnrolmentAnswer,
      errors: ['ZTP_SETTINGS_INVALID', 'ZTP_OWNED'],
      handle: ({ body }) => {
        enrolment.ask(body as ControllerSettings)
        return { body: enrolment.show() }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/reset',
      summary:
        'Makes the box blank: owner, configurations, keys of sessions and certificates go, its device key stays. The gateway ends.',
      answer: EnrolmentAnswer,
      handle: async () => {
        const body = enrolment.show()
        await enrolment.reset()
        return { body }
      },
    },
  ]
}
