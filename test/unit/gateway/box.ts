/** A box for tests: real files and a real API socket, over a machine, a network and a datapath in memory. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Gateway, openGateway } from '../../../firmware/gateway/gateway.ts'
import type { RecordFile } from '../../../firmware/gateway/program-loader.ts'
import type { Appliance } from '../../../firmware/host/appliance/appliance.ts'
import { noAppliance } from '../../../firmware/host/appliance/none.ts'
import type { Clock } from '../../../firmware/host/clock/clock.ts'
import { systemClock } from '../../../firmware/host/clock/system.ts'
import { type FakeDatapath, fakeDatapath } from '../../../firmware/host/datapath/fake.ts'
import { type FakeMachine, fakeMachine } from '../../../firmware/host/diagnose/fake.ts'
import { openLink } from '../../../firmware/host/link/client.ts'
import { download } from '../../../firmware/host/link/download.ts'
import { openZtp } from '../../../firmware/host/link/ztp.ts'
import { type FakeNet, fakeNet } from '../../../firmware/host/net/fake.ts'
import { openDeviceKey } from '../../../firmware/host/pki/device-key.ts'
import { type FakeServices, fakeServices } from '../../../firmware/host/service/fake.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { openCertificate } from '../../../firmware/host/system/certificate.ts'
import { makePrivateFolder, readIfThere, replaceFile } from '../../../firmware/host/system/file.ts'
import type { LogFields } from '../../../firmware/host/system/log.ts'
import { type Places, placesOf } from '../../../firmware/host/system/places.ts'
import { orderReset } from '../../../firmware/host/system/reset.ts'
import { fakeNetwork } from '../../../firmware/host/udp/fake.ts'
import { linkPath } from '../../../firmware/model/control-link.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { HostLease } from '../../../firmware/model/host-lease.ts'
import { type X25519Pair, x25519Pair } from '../../../firmware/wire/x25519.ts'
import { sampleNics } from '../model/sample-config.ts'
import { type FakeHost, fakeHost } from './sample-system.ts'

interface Line {
  readonly fields: LogFields
  readonly message: string
}

/** A box: its files and its machine outlive its gateway. */
export interface Box {
  readonly places: Places
  readonly net: FakeNet
  readonly services: FakeServices
  appliance: Appliance
  /** What hosts of the LANs were lent. */
  hostLeases: HostLease[]
  readonly machine: FakeMachine
  readonly host: FakeHost
  readonly lines: Line[]
  /** Who may use the box cannot be read; null: it can. */
  brokenStore: CausewayError | null
  /** The datapath process that answers now; null: none does. */
  datapath: FakeDatapath | null
  loads: number
  /** Another box of a fleet has another one. */
  wireKey: X25519Pair
  /** The next loads fail. */
  readonly refuseLoads: (count: number) => void
  readonly start: () => Promise<Gateway>
  /** Resolves with the next line of this message, or with one already written and not waited for. */
  readonly line: (message: string) => Promise<LogFields>
  readonly newDatapath: () => void
  /** Ends all gateways that were started. */
  readonly stop: () => Promise<void>
  readonly write: (config: unknown) => Promise<void>
}

/** @param mostMs no timer waits longer: for what a gateway does twice a minute */
export async function openBox(
  context: TestContext,
  nics = sampleNics,
  mostMs = Number.POSITIVE_INFINITY,
): Promise<Box> {
  const root = await mkdtemp(join(tmpdir(), 'cwgw-'))
  const { nowMs, after } = systemClock()
  const clock: Clock = { nowMs, after: (delayMs, run) => after(Math.min(delayMs, mostMs), run) }
  const network = fakeNetwork(clock, Math.random)
  const lines: Line[] = []
  const waiters = new Set<() => void>()
  const gateways: Gateway[] = []
  let refusals = 0
  const places = placesOf('test', root)
  const note = (fields: LogFields, message: string): void => {
    lines.push({ fields, message })
    for (const wake of waiters) wake()
  }
  let seen = 0
  const box: Box = {
    refuseLoads: (count) => {
      refusals = count
    },
    places,
    net: fakeNet(nics),
    services: fakeServices(),
    appliance: noAppliance(),
    hostLeases: [],
    machine: fakeMachine(),
    host: fakeHost(),
    lines,
    datapath: null,
    brokenStore: null,
    wireKey: x25519Pair(new Uint8Array(32).fill(7)),
    loads: 0,
    newDatapath: () => {
      const local = { address: '192.0.2.2', port: 51820 }
      const made = fakeDatapath({ clock, network, local, bootId: randomBytes(8).toString('hex') })
      const { load } = made
      box.datapath = Object.assign(made, {
        load: async (program: Parameters<typeof load>[0]) => {
          if (refusals-- > 0) throw new CausewayError('DATAPATH_REFUSED', 'refused by the test')
          await load(program)
          box.loads++
        },
      })
    },
    start: async () => {
      const gateway = await openGateway({
        places,
        clock,
        wallMs: () => Date.UTC(2026, 0, 2),
        random: (bytes) => randomBytes(bytes),
        log: { info: note, warn: note, error: note },
        net: box.net,
        wireKey: box.wireKey,
        connectDatapath: async () => {
          if (box.datapath === null) throw new Error('no datapath')
          return box.datapath
        },
        bindUdp: async (local) => network.bind(local),
        services: box.services,
        appliance: box.appliance,
        readFactory: async () => null,
        hostLeases: async () => box.hostLeases,
        insideRecord: recordAt(places.insideRecord),
        whereaboutsRecord: recordAt(places.whereaboutsRecord),
        host: box.host,
        key: await openDeviceKey(places.deviceKey),
        imageRoots: [],
        ownerRecord: recordAt(places.ownerRecord),
        signedRecord: recordAt(places.signedRecord),
        reset: () => orderReset(places),
        orderRecord: recordAt(places.orderRecord),
        architecture: 'x86_64',
        download: (controller, _proxy, own, authority, path, from) =>
          download({
            ...{ controller, path, from, own, authorities: [authority], timeoutMs: 5_000 },
          }),
        connect: (controller, _proxy, authorities) =>
          openZtp({ controller, authorities, timeoutMs: 5_000 }),
        openLink: (controller, _proxy, own, authority) =>
          openLink({
            ...{ controller, path: linkPath, own, authorities: [authority], timeoutMs: 5_000 },
          }),
        certificate: (address) =>
          openCertificate(join(places.lanCertificates, `${address}.pem`), [address], Date.now()),
        lanApiPort: 0,
        plainPort: null,
        readPages: async () => [],
        openStore: async (onFailed) => {
          if (box.brokenStore !== null) throw box.brokenStore
          return openStore(memoryTable(), onFailed)
        },
        diagnostics: box.machine,
        programRecord: recordAt(places.programRecord),
      })
      gateways.push(gateway)
      return gateway
    },
    stop: async () => {
      for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
    },
    line: async (message) => {
      for (;;) {
        const index = lines.findIndex((line, at) => at >= seen && line.message === message)
        if (index >= 0) {
          seen = index + 1
          return lines[index]!.fields
        }
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiters.delete(wake)
            resolve()
          }
          waiters.add(wake)
        })
      }
    },
    write: async (config) => {
      await makePrivateFolder(dirname(places.config))
      const text = typeof config === 'string' ? config : JSON.stringify(config)
      await writeFile(places.config, text)
    },
  }
  box.newDatapath()
  context.after(async () => {
    await box.stop()
    await box.datapath?.[Symbol.asyncDispose]()
    await rm(root, { recursive: true })
  })
  return box
}

/** Asks again, a turn of the event loop at a time, until there is something; the test's time limit ends it. */
export async function until<Value>(
  ask: () => Value | null | Promise<Value | null>,
): Promise<Value> {
  for (;;) {
    const value = await ask()
    if (value !== null) return value
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function recordAt(path: string): RecordFile {
  return {
    read: () => readIfThere(path),
    write: (text) => replaceFile(path, text),
    remove: () => rm(path, { force: true }),
  }
}
