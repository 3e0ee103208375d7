/** The routes about whose the box is: who waits to own it, which code to compare, and where to ask. */
import {
  type ControllerSettings,
  EnrolmentAnswer,
  EnrolmentConfirm,
  EnrolmentController,
} from '../../model/enrolment.ts'
import type { LocalRoute } from './local-route.ts'

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

export function enrolmentRoutes(enrolment: EnrolmentParts): readonly LocalRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/v1/enrolment',
      // Who holds the code can claim the box: from the first password on it is shown to its admins.
      needs: 'first-run',
      summary:
        'Whose the box is, or who waits to own it and by which code; how its link to the controller is.',
      answer: EnrolmentAnswer,
      handle: () => ({ body: enrolment.show() }),
    },
    {
      method: 'POST',
      url: '/api/v1/enrolment/confirm',
      // Without any user whoever can say so stands before the box; one with an owner takes it from nobody.
      needs: 'first-run',
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
      needs: 'config.write',
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
      needs: 'reset',
      isFresh: true,
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
