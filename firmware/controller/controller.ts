/** A controller from its parts: one store, one owner, a desk for blank devices, one for links, and what publishes. */
import { X509Certificate } from 'node:crypto'
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import { FirmwareFolder } from '../host/firmware/files.ts'
import { type DeviceIdentity, fingerprintOf, readCertificate } from '../host/pki/certificate.ts'
import type { Store } from '../host/store/store.ts'
import type { Log } from '../host/system/log.ts'
import { type Api, openApi } from './api/api.ts'
import { CertificateDesk } from './certificate-desk.ts'
import { Delegations } from './delegations.ts'
import { readEdge } from './edges.ts'
import { EnrolDesk } from './enrol.ts'
import { FirmwareShelf } from './firmware.ts'
import { Fleets } from './fleets.ts'
import { LinkDesk } from './link-desk.ts'
import type { Owner } from './owner.ts'
import { PublishedBook } from './published.ts'
import { Publisher } from './publisher.ts'
import { Rollouts } from './rollouts.ts'
import { Users } from './users.ts'

const dayMs = 86_400_000

export interface ControllerParts {
  readonly store: Store
  readonly owner: Owner
  readonly clock: Clock
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
  readonly random: (bytes: number) => Buffer
  readonly log: Log
  readonly host: string
  readonly port: number
  /** Where files for boxes are. */
  readonly firmwareFolder: string
}

export interface Controller extends AsyncDisposable {
  readonly api: Api
  readonly enrol: EnrolDesk
  readonly links: LinkDesk
  readonly publisher: Publisher
  readonly users: Users
  readonly rollouts: Rollouts
}

/** Listens once it returns. The store is closed with it. */
export async function openController(parts: ControllerParts): Promise<Controller> {
  const { store, owner, clock, wallMs, random, log, host, port } = parts
  const { authority } = owner
  const delegations = new Delegations(owner.delegations, owner.keepDelegations)
  // One for both doors: what a box may ask for counts at either.
  const certificates = new CertificateDesk({ store, authority, nowMs: wallMs })
  const enrol = new EnrolDesk({
    ...{ store, authority, certificates, delegations, nowMs: wallMs, random },
  })
  const book = new PublishedBook()
  const onFirmware = (): void => rollouts.wake()
  const links = new LinkDesk({
    ...{ store, clock, wallMs, authority, certificates, log, book, onFirmware },
  })
  const folder = new FirmwareFolder(parts.firmwareFolder)
  const isNeeded = (version: string): Promise<boolean> => rollouts.isNeeded(version)
  const shelf = new FirmwareShelf({ store, folder, wallMs, isNeeded })
  await shelf.tidy()
  const rollouts: Rollouts = new Rollouts({ store, clock, wallMs, log, links, shelf })
  const users = new Users(store, wallMs)
  const signingKey = authority.privateKey
  const fleets = new Fleets(store)
  const publisher = new Publisher({ fleets, book, clock, log, signingKey })
  const issuer = new X509Certificate(authority.certificate)
  const api = await openApi({
    ...{ host, port, store, fleets, book, owner, users, enrol, links, publisher, wallMs },
    ...{ shelf, rollouts, random, clock, folder },
    ...owner.server,
    mayFetch: async (certificate) => {
      const caller = identify(certificate, issuer)
      if (caller === null || caller.expiresMs <= wallMs()) return null
      return (await readEdge(store, caller.deviceId)) === null ? null : caller.deviceId
    },
    identify: async (certificate) => {
      const caller = identify(certificate, issuer)
      return caller === null ? null : links.admit(caller)
    },
    onLink: (link, identity) => links.onLink(link, identity),
    onFault: (error) => log.error({ detail: error.stack ?? error.message }, 'fault'),
  })
  const pin = fingerprintOf(authority.certificate)
  log.info({ detail: `port ${api.port}, authority ${pin}` }, 'controller ready')
  const renewal = keepCertificate(parts, api)
  return {
    api,
    enrol,
    links,
    publisher,
    users,
    rollouts,
    [Symbol.asyncDispose]: async () => {
      await renewal[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
      await rollouts[Symbol.asyncDispose]()
      await links[Symbol.asyncDispose]()
      await publisher[Symbol.asyncDispose]()
      await fleets[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

function identify(
  certificate: X509Certificate | null,
  issuer: X509Certificate,
): (DeviceIdentity & { readonly expiresMs: number }) | null {
  try {
    return certificate === null ? null : readCertificate(certificate, [issuer])
  } catch {
    // What no reader reads is nobody's.
    return null
  }
}

/** Looked at each day: boxes would not find a controller whose certificate has ended while nobody started it anew. */
function keepCertificate(
  { clock, owner, wallMs, log }: ControllerParts,
  api: Api,
): AsyncDisposable {
  let shown = owner.server.certificate
  let cancel: CancelTimer = () => {}
  let looking = Promise.resolve()
  let isClosed = false
  const later = (): void => {
    cancel = clock.after(dayMs, () => {
      looking = look()
    })
  }
  const look = async (): Promise<void> => {
    try {
      const own = await owner.serverAt(wallMs())
      if (own.certificate !== shown) api.show(own)
      shown = own.certificate
    } catch (error) {
      log.error({ detail: (error as Error).message }, "the controller's certificate is not renewed")
    }
    if (!isClosed) later()
  }
  later()
  return {
    [Symbol.asyncDispose]: () => {
      isClosed = true
      cancel()
      return looking
    },
  }
}
