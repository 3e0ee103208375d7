/** A box and a controller's desk in one process, over links in memory and a store in memory; time stands but for what a test lets pass. */
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { gatherMs } from '../../../firmware/controller/applied.ts'
import { CertificateDesk } from '../../../firmware/controller/certificate-desk.ts'
import { documentChange } from '../../../firmware/controller/fleet.ts'
import { LinkDesk } from '../../../firmware/controller/link-desk.ts'
import { PublishedBook, type PublishedConfig } from '../../../firmware/controller/published.ts'
import {
  ControllerLink,
  type ControllerLinkParts,
} from '../../../firmware/gateway/controller-link.ts'
import { type VirtualClock, virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { type FakeLinks, fakeLinks } from '../../../firmware/host/link/fake.ts'
import { type Authority, makeAuthority } from '../../../firmware/host/pki/certificate.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { CausewayError } from '../../../firmware/model/errors.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { nameOf } from '../../../firmware/plan/fleet-documents.ts'
import { publishOnce } from '../controller/publishing.ts'
import { boxOf, deviceIdOf, main, network, office, siteOf } from '../plan/fleet-sample.ts'

export const tenant = 't'
export const silent = { info: () => {}, warn: () => {}, error: () => {} }
export const wallMs = Date.UTC(2026, 0, 1)
export const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** Whoever has it is told something new. */
export const voice = (latencyMs: number): FleetDocument =>
  ({
    kind: 'policy',
    name: 'voice',
    order: 1,
    for: { applications: ['sip'] },
    latencyMs,
  }) as FleetDocument

export class World implements AsyncDisposable {
  readonly store: Store
  readonly desk: LinkDesk
  readonly clock: VirtualClock
  readonly authority: Authority
  readonly deviceId = deviceIdOf('berlin')
  /** What the box was told to be, in order. */
  readonly applied: [revision: number, confirmSeconds: number][] = []
  readonly confirmed: number[] = []
  readonly sent: string[] = []
  links: FakeLinks | null = null
  certificates: string[] = []
  expiresMs = wallMs + 1e9
  failure: CausewayError | null = null
  box: ControllerLink | null = null

  constructor(store: Store, authority: Authority) {
    this.store = store
    this.authority = authority
    this.clock = virtualClock()
    this.desk = new LinkDesk({
      store,
      clock: this.clock,
      wallMs: () => wallMs,
      authority,
      certificates: new CertificateDesk({ store, authority, nowMs: () => wallMs }),
      log: silent,
      book: new PublishedBook(),
    })
  }

  start(more: Partial<ControllerLinkParts> = {}): ControllerLink {
    const parts: ControllerLinkParts = {
      clock: this.clock,
      log: silent,
      random: () => 0.5,
      firmware: 'causeway 0.1.0',
      deviceId: this.deviceId,
      ownerKeys: [createPublicKey(this.authority.privateKey)],
      open: async () => this.connect(),
      had: null,
      apply: async (config: DeviceConfig, seconds: number) => {
        if (this.failure !== null) throw this.failure
        this.applied.push([config.revision, seconds])
      },
      confirm: async ({ revision }) => {
        this.confirmed.push(revision)
      },
      onCertificate: async (certificate) => {
        this.certificates.push(certificate)
      },
      onTime: () => {},
      onReleased: () => {},
      ...more,
    }
    this.box = new ControllerLink(parts)
    return this.box
  }

  connect() {
    const links = fakeLinks()
    this.links = links
    const { controller } = links
    const send = controller.send
    controller.send = (text: string): void => {
      this.sent.push((JSON.parse(text) as { kind: string }).kind)
      send(text)
    }
    this.desk.onLink(controller, {
      deviceId: this.deviceId,
      wireKey: boxOf('berlin').wireKey,
      expiresMs: this.expiresMs,
      isReleased: false,
    })
    return links.box
  }

  async publish(...documents: readonly FleetDocument[]): Promise<void> {
    const changes = documents.map((one) => documentChange(tenant, nameOf(one), one))
    await this.store.commit({ conditions: [], changes })
    await publishOnce(this.store, tenant, this.authority.privateKey)
  }

  async published(): Promise<PublishedConfig> {
    const { value } = (await this.store.get(`config/${this.deviceId}`))!
    return new PublishedBook().read(this.deviceId, value)
  }

  /** Lets happen what happens by itself until it is so; signatures are made beside the event loop. */
  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + 10_000
    while (!(await isSo())) {
      assert.ok(performance.now() < deadlineMs, what)
      await new Promise((passed) => setTimeout(passed, 2))
      await this.clock.advance(0)
    }
  }

  /** The same while time passes: answers of boxes are gathered. */
  async awhile(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    await this.until(what, async () => {
      await this.clock.advance(gatherMs)
      return isSo()
    })
  }

  /** The box has been told, and the controller has its answer. */
  async answered(revision: number): Promise<void> {
    const isThere = async () => (await this.appliedRecord())?.revision === revision
    await this.awhile(`an answer to ${revision}`, isThere)
  }

  async confirmedBy(count: number): Promise<void> {
    await this.awhile(`${count} confirmed`, () => this.confirmed.length === count)
  }

  async appliedRecord(): Promise<{ revision: number; code?: string } | null> {
    const entry = await this.store.get(`applied/${this.deviceId}`)
    return entry === null ? null : JSON.parse(entry.value)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.box?.[Symbol.dispose]()
    await this.desk[Symbol.asyncDispose]()
    await this.store[Symbol.asyncDispose]()
  }
}

export async function newWorld(): Promise<World> {
  const store = await openStore(memoryTable())
  const authority = await makeAuthority(pair(), 'acme', 3_650, wallMs)
  const edge = { ...boxOf('berlin'), tenant, site: 'berlin', keeping: 'software', claimedAt: '' }
  await store.commit({
    conditions: [],
    changes: [{ key: `edge/${edge.deviceId}`, value: JSON.stringify(edge) }],
  })
  const world = new World(store, authority)
  await world.publish(network, main, office, siteOf('berlin'))
  return world
}
