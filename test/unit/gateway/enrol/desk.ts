/** A controller's desk and a device before it, in one process: connections have an exporter each, and somebody may sit in between. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readAudit } from '../../../../firmware/controller/audit.ts'
import { CertificateDesk } from '../../../../firmware/controller/certificate-desk.ts'
import { Delegations } from '../../../../firmware/controller/delegations.ts'
import { EnrolDesk } from '../../../../firmware/controller/enrol.ts'
import type { AttemptOptions } from '../../../../firmware/gateway/enrol/attempt.ts'
import type { ZtpConnection } from '../../../../firmware/host/link/ztp.ts'
import {
  type Authority,
  fingerprintOf,
  makeAuthority,
} from '../../../../firmware/host/pki/certificate.ts'
import { deviceIdOf } from '../../../../firmware/host/pki/device-key.ts'
import { memoryTable } from '../../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../../firmware/host/store/store.ts'
import { CausewayError } from '../../../../firmware/model/errors.ts'
import { signJws } from '../../../../firmware/wire/jws.ts'

export const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

export interface World {
  nowMs: number
  readonly store: Store
  readonly desk: EnrolDesk
  readonly authority: Authority
  readonly root: ReturnType<typeof pair>
  readonly delegations: Delegations
}

export async function newWorld(isDelegated: boolean): Promise<World> {
  const root = pair()
  const nowMs = Date.UTC(2026, 0, 1)
  const authority = await makeAuthority(pair(), 'acme', 3_650, nowMs)
  const said = {
    version: 1,
    ownerPin: fingerprintOf(authority.certificate),
    issuedMs: nowMs,
    expiresMs: nowMs + 1e10,
  }
  const signed = await signJws('causeway-delegation', said, root.privateKey)
  const delegations = new Delegations(isDelegated ? [signed] : [], async () => {})
  const store = await openStore(memoryTable())
  const world = { nowMs, store, authority, root, delegations }
  return Object.assign(world, { desk: deskOf(world as World, store) })
}

/** Of a log, as `edge.claim ZTP_LOCKED` and `edge.certify done`. */
export async function codesOf({ store }: World, tenant: string): Promise<string[]> {
  const { entries } = await readAudit(store, tenant, 0)
  return entries.map(({ what, code }) => `${what} ${code ?? 'done'}`)
}

/** A controller's desk on that store, or on another that has the same. */
export function deskOf(world: World, store: Store): EnrolDesk {
  const { authority, delegations } = world
  const nowMs = (): number => world.nowMs
  const certificates = new CertificateDesk({ store, authority, nowMs })
  return new EnrolDesk({
    ...{ store, authority, certificates, delegations, nowMs, random: randomBytes },
  })
}

/** What a controller does with a request, over a connection with that exporter. */
export function answerOf(desk: EnrolDesk, exporter: Uint8Array) {
  return async (path: string, body: object): Promise<unknown> => {
    switch (path) {
      case '/ztp/v1/hello':
        return desk.hello(body as never, exporter, 'here')
      case '/ztp/v1/open':
        return desk.open(body as never, exporter)
      case '/ztp/v1/voucher':
        return desk.ask(body as never, exporter)
      case '/ztp/v1/certificate':
        return desk.certify(body as never, exporter)
      case '/ztp/v1/refusal':
        return desk.refused(body as never, exporter)
      default:
        throw new CausewayError('API_NOT_FOUND', path)
    }
  }
}

/** Straight to the desk. */
export function connectTo(world: World): AttemptOptions['connect'] {
  return async (): Promise<ZtpConnection> => {
    const exporter = randomBytes(32)
    const answer = answerOf(world.desk, exporter)
    // As it crosses the wire.
    const post = async (path: string, body: object): Promise<unknown> =>
      JSON.parse(JSON.stringify(await answer(path, JSON.parse(JSON.stringify(body)))))
    return { exporter, post, close: () => {} }
  }
}

export function newDevice(world: World, more: Partial<AttemptOptions> = {}): AttemptOptions {
  const { privateKey, publicKey } = pair()
  return {
    key: { privateKey, publicKey, deviceId: deviceIdOf(publicKey) },
    wireKey: randomBytes(32).toString('base64'),
    keeping: 'software',
    firmware: 'causeway 0.1.0',
    imageRoots: [],
    ownRoots: [],
    connect: connectTo(world),
    random: randomBytes,
    nowMs: () => world.nowMs,
    pause: async (ms) => {
      world.nowMs += ms
    },
    onCode: () => {},
    isConfirmed: () => false,
    onPassedOver: () => {},
    anewInMs: () => Infinity,
    ...more,
  }
}
