/** Of a box that runs by its own device.yaml. */
import type { EnrolmentAnswer } from '../../../firmware/model/enrolment.ts'

export const alone: EnrolmentAnswer = {
  state: 'alone',
  deviceId: 'ab'.repeat(32),
  serial: 'abababab',
  offers: [],
  ownerFingerprint: null,
  controllers: [],
  isLinked: false,
  revision: 0,
  certificateSeconds: null,
  lastError: null,
}

export const noEnrolment = {
  show: () => alone,
  confirm: () => {},
  ask: () => {},
  reset: async () => {},
}
