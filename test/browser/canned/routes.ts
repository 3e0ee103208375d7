/** What the fake box answers: signing in, status, paths, history. Areas with files of their own are put together here. */
import type { EnrolmentAnswer } from '../../../firmware/model/enrolment.ts'
import type {
  OwnPasswordBody,
  Refresh,
  SessionState,
  SignIn,
} from '../../../firmware/model/local-api-access.ts'
import type { Canned, CannedBox, Scene } from './canned.ts'
import { CannedError } from './canned.ts'
import { configAnswers } from './config.ts'
import { diagnosticsAnswers } from './diagnostics.ts'
import { historyOf, historyOfBox, recentOf } from './history.ts'
import { lanAnswers } from './lans.ts'
import { pathsOf, sessionsOf } from './paths.ts'
import { systemAnswers } from './system.ts'

const password = 'correct horse battery'

function checkPassword(typed: string): void {
  if (typed !== password) throw new CannedError(401, 'API_UNAUTHENTICATED', 'the password is wrong')
}

export function csrfOf({ role, csrf = 'f00d' }: Scene): string | null {
  return role === null ? null : csrf
}

function sessionOf({ scene }: CannedBox): SessionState {
  const { role, isFirst, site, name = role === 'admin' ? 'anna' : role } = scene
  return {
    user: role === null || name === null ? null : { name, role },
    by: role === null ? 'nobody' : 'session',
    csrf: csrfOf(scene),
    freshSeconds: role === null ? 0 : 300,
    idleSeconds: role === null ? null : 900,
    isFirst,
    needsSetupCode: isFirst && site !== 'blank',
    mayReadStatus: role !== null,
    site: site === 'blank' ? null : 'berlin',
  }
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

const waiting: EnrolmentAnswer = {
  state: 'waiting',
  deviceId: '3f9a6c21'.repeat(8),
  serial: '3f9a6c21',
  offers: [{ controller: 'fleet.example.net:8443', code: 'K7QM-2RXD', isConfirmed: false }],
  ownerFingerprint: null,
  controllers: ['fleet.example.net:8443'],
  isLinked: false,
  revision: 0,
  certificateSeconds: null,
  lastError: null,
}
const alone: EnrolmentAnswer = { ...waiting, state: 'alone', offers: [], controllers: [] }

const confirmedAnswer: EnrolmentAnswer = {
  ...waiting,
  offers: waiting.offers.map((offer) => ({ ...offer, isConfirmed: true })),
}
const confirmed = new WeakSet<CannedBox>()

const siteAnswers: Canned = {
  'GET /api/v1/session': ({ box }) => sessionOf(box),
  'POST /api/v1/sign-in': ({ box, body }) => {
    const { name, password: typed } = body as SignIn
    checkPassword(typed)
    box.scene = { ...box.scene, role: 'admin', name }
    return sessionOf(box)
  },
  'POST /api/v1/sign-out': ({ box }) => {
    box.scene = { ...box.scene, role: null }
    return {}
  },
  'POST /api/v1/session/refresh': ({ box, body }) => {
    checkPassword((body as Refresh).password)
    return sessionOf(box)
  },
  'POST /api/v1/password': ({ box, body }) => {
    checkPassword((body as OwnPasswordBody).old)
    box.scene = { ...box.scene, role: null }
    return {}
  },
  'POST /api/v1/first-password': ({ box }) => {
    box.scene = { ...box.scene, role: 'admin', isFirst: false }
    return sessionOf(box)
  },
  'GET /api/v1/status': ({ box }) => box.status(),
  'GET /api/v1/paths': ({ box }) => pathsOf(box.status()),
  'GET /api/v1/sessions': ({ box }) => sessionsOf(box.status()),
  'GET /api/v1/events/recent': ({ box }) => recentOf(box.scene, nowSeconds()),
  'GET /api/v1/history/uplinks/:name/:span': ({ params: { name = '', span = '' } }) =>
    historyOf(name, span, nowSeconds()),
  'GET /api/v1/history/peers/:name/:span': ({ params: { name = '', span = '' } }) =>
    historyOf(name, span, nowSeconds()),
  'GET /api/v1/history/box/:span': ({ params: { span = '' } }) => historyOfBox(span, nowSeconds()),
  'GET /api/v1/enrolment': ({ box }) =>
    box.scene.site !== 'blank' ? alone : confirmed.has(box) ? confirmedAnswer : waiting,
  'POST /api/v1/enrolment/confirm': ({ box }) => {
    confirmed.add(box)
    return confirmedAnswer
  },
}

/** Of all areas. */
export const canned: Canned = {
  ...siteAnswers,
  ...configAnswers,
  ...lanAnswers,
  ...diagnosticsAnswers,
  ...systemAnswers,
}
