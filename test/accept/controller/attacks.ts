/** What is tried, one after the other, each against a target of its own; `run` gives the code of the refusal that was seen, or null. */
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { ControllerLink } from '../../../firmware/gateway/controller-link.ts'
import { type AttemptOptions, attemptEnrol } from '../../../firmware/gateway/enrol/attempt.ts'
import { systemClock } from '../../../firmware/host/clock/system.ts'
import { openLink } from '../../../firmware/host/link/client.ts'
import type { Link } from '../../../firmware/host/link/link.ts'
import { openZtp, type ZtpConnection } from '../../../firmware/host/link/ztp.ts'
import { type ControllerMessage, linkPath } from '../../../firmware/model/control-link.ts'
import { canonicalJson } from '../../../firmware/plan/json-delta.ts'
import { signJws } from '../../../firmware/wire/jws.ts'
import { sampleConfig } from '../../unit/model/sample-config.ts'
import { type Attack, codeOf, listed, refusalOf } from './attack.ts'
import { openInterceptor } from './interceptor.ts'
import { askMs, type Target, tenant } from './target.ts'
import { tenantAttacks } from './tenant-attacks.ts'

const dayMs = 86_400_000
/** So long a box waits on for a person here. */
const passedOverMs = 1_000
const silent = { info: () => {}, warn: () => {}, error: () => {} }

export const attacks: readonly Attack[] = [
  {
    title: 'wrong code five times, then the right one',
    ...{ code: 'ZTP_LOCKED', what: 'edge.claim' },
    run: guessCodes,
  },
  {
    title: 'replayed voucher, of the attempt before',
    ...{ code: 'ZTP_VOUCHER_REPLAYED', what: 'ztp.refusal' },
    run: async (target, fault) => {
      const device = await listed(target)
      const first = await vouched(device)
      return refusalOf(fault === 'gullible-box' ? device : withVoucher(device, first))
    },
  },
  {
    title: 'expired voucher, a day late',
    ...{ code: 'ZTP_VOUCHER_EXPIRED', what: 'ztp.refusal' },
    run: async (target, fault) => {
      const device = await listed(target, { nowMs: () => Date.now() + 2 * dayMs })
      return refusalOf(fault === 'silent-box' ? silenced(device) : device)
    },
  },
  {
    title: 'foreign voucher, of another device',
    ...{ code: 'ZTP_VOUCHER_FOREIGN', what: 'ztp.refusal' },
    run: async (target) => {
      const other = await vouched(await listed(target))
      return refusalOf(withVoucher(await listed(target), other))
    },
  },
  {
    title: 'controller of an owner that no root of the box has named, and nobody types a code',
    ...{ code: 'ZTP_AUTHORITY_UNKNOWN', what: 'ztp.refusal' },
    run: async (target, fault) => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      return passedOver(target, fault === 'trusting-box' ? target.root : publicKey)
    },
  },
  {
    title: 'TLS interception, all requests passed on',
    ...{ code: 'ZTP_PROOF_INVALID', what: 'ztp.hello' },
    run: async (target, fault) => {
      await using between = await openInterceptor(target.at)
      const controller = fault === 'honest-proxy' ? target.at : between.at
      const connect = (authorities: readonly string[] | null): Promise<ZtpConnection> =>
        openZtp({ controller, authorities, timeoutMs: askMs })
      return await refusalOf(await listed(target, { connect }))
    },
  },
  {
    title: 'older configuration, signed by the owner',
    ...{ code: 'ZTP_CONFIG_OLD', what: 'edge.refuse' },
    run: (target, fault) => sendOlder(target, fault === 'newer-config' ? 9 : 3),
  },
  ...tenantAttacks,
]

/**
 * Such a voucher ends nothing: a person could still compare the code. The box waits on, and what it says of it is no success.
 * @returns the code by which the voucher was passed over; null: the box has an owner
 */
async function passedOver(target: Target, root: KeyObject): Promise<string | null> {
  const beganMs = Date.now()
  let told: string | null = null
  const device = await listed(target, {
    ownRoots: [root],
    anewInMs: () => beganMs + passedOverMs - Date.now(),
    onPassedOver: ({ code }) => {
      told = code
    },
  })
  const end = await refusalOf(device)
  return end === 'ZTP_CODE_EXPIRED' ? told : end
}

/** Lets a device enrol, and has what it was given. */
async function vouched(device: AttemptOptions): Promise<string> {
  let kept = ''
  const owner = attemptEnrol(
    changing(device, (answer) => {
      const { voucher } = answer as { readonly voucher?: string | null }
      kept = voucher ?? kept
      return answer
    }),
  )
  await owner
  return kept
}

function withVoucher(device: AttemptOptions, voucher: string): AttemptOptions {
  return changing(device, (answer) =>
    'voucher' in answer && answer.voucher !== null ? { ...answer, voucher } : answer,
  )
}

/** Nothing of what the box refuses gets out. */
function silenced(device: AttemptOptions): AttemptOptions {
  return {
    ...device,
    connect: async (authorities) => {
      const connection = await device.connect(authorities)
      const post = (path: string, body: object): Promise<unknown> =>
        path.endsWith('/refusal') ? Promise.resolve({}) : connection.post(path, body)
      return { ...connection, post }
    },
  }
}

type Answer = Readonly<Record<string, unknown>>

function changing(device: AttemptOptions, change: (answer: Answer) => Answer): AttemptOptions {
  return {
    ...device,
    connect: async (authorities) => {
      const connection = await device.connect(authorities)
      const post = async (path: string, body: object): Promise<unknown> =>
        change((await connection.post(path, body)) as Answer)
      return { ...connection, post }
    },
  }
}

/** @returns the code of the last try, which has the right one; what was wrong before it, if something was */
async function guessCodes(target: Target): Promise<string | null> {
  const shown = Promise.withResolvers<string>()
  const device = await target.device({ ownRoots: [], onCode: shown.resolve })
  attemptEnrol(device).catch(() => {})
  const code = await shown.promise
  const wrong = `${code.startsWith('0') ? '1' : '0'}${code.slice(1)}`
  const claim = (typed: string): Promise<string | null> => {
    const body = { device: device.key.deviceId, code: typed, site: 'berlin', isAhead: true }
    const url = `/api/v1/tenants/${tenant}/claims`
    return target.ask('POST', url, body).then(() => null, codeOf)
  }
  // At the same time: each counts.
  const tries = await Promise.all(Array.from({ length: 5 }, () => claim(wrong)))
  const odd = tries.find((one) => one !== 'ZTP_CODE_WRONG' && one !== 'ZTP_LOCKED')
  return odd === undefined ? claim(code) : `a wrong code: ${odd}`
}

/** Somebody has kept what the owner signed, or restored an old controller, and sends it to a box that has had revision 5. */
async function sendOlder(target: Target, revision: number): Promise<string | null> {
  const device = await listed(target)
  const { key } = device
  const { authority, certificate } = await attemptEnrol(device)
  const config = { ...sampleConfig(), revision }
  const signed = { version: 1, deviceId: key.deviceId, revision, config } as const
  const jws = await signJws('causeway-config', canonicalJson(signed), target.authority.privateKey)
  const own = {
    key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate,
  }
  const answered = Promise.withResolvers<string | null>()
  using _box = new ControllerLink({
    ...{ clock: systemClock(), log: silent, random: Math.random, firmware: 'test' },
    deviceId: key.deviceId,
    ownerKeys: [new X509Certificate(authority).publicKey],
    had: { ...signed, revision: 5 },
    open: async () => {
      const link = await openLink({
        ...{ controller: target.at, path: linkPath, own, authorities: [authority] },
        timeoutMs: askMs,
      })
      return slipping(link, { kind: 'config', revision, jws }, answered.resolve)
    },
    apply: async () => answered.resolve(null),
    confirm: async () => {},
    onCertificate: async () => {},
    onReleased: () => {},
    onTime: () => {},
  })
  const code = await answered.promise
  // What the box has said is in the log by the time that the controller has answered for something later.
  for (let round = 0; round < 100 && code !== null; round++) {
    if ((await target.audit()).some(({ what }) => what === 'edge.refuse')) break
    await new Promise((next) => setTimeout(next, 20))
  }
  return code
}

/** A link by which a message comes that the controller did not send. */
function slipping(link: Link, message: ControllerMessage, onRefused: (code: string) => void): Link {
  return {
    ...link,
    send: (text) => {
      const said = JSON.parse(text) as { readonly kind: string; readonly code?: string }
      if (said.kind === 'refused') onRefused(said.code ?? '')
      link.send(text)
    },
    onMessage: (handler) => {
      link.onMessage((text) => {
        handler(text)
        if (text.includes('"welcome"')) handler(JSON.stringify(message))
      })
    },
    onClose: (handler) => link.onClose(handler),
    close: (code, reason) => link.close(code, reason),
  }
}
