/** The gateway process on a real machine: builds what gateway.ts is given and starts it. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { imageArchitecture, readImageFacts } from '../host/appliance/facts.ts'
import { noAppliance } from '../host/appliance/none.ts'
import { openAppliance } from '../host/appliance/system.ts'
import type { Clock } from '../host/clock/clock.ts'
import { systemClock } from '../host/clock/system.ts'
import { readRoots } from '../host/config/controller-settings.ts'
import { readConfigFile } from '../host/config/file.ts'
import { parseDeviceConfig } from '../host/config/parse.ts'
import { connectDatapath } from '../host/datapath/remote.ts'
import { systemDiagnostics } from '../host/diagnose/machine.ts'
import { openLink } from '../host/link/client.ts'
import { download } from '../host/link/download.ts'
import { openZtp } from '../host/link/ztp.ts'
import { openLinuxNet } from '../host/net/linux.ts'
import { openDeviceKey } from '../host/pki/device-key.ts'
import { readHostLeases } from '../host/service/host-lease.ts'
import { openServices } from '../host/service/system.ts'
import { noSlots } from '../host/slots/none.ts'
import { raucSlots } from '../host/slots/rauc.ts'
import type { Slots } from '../host/slots/slots.ts'
import { openCertificate } from '../host/system/certificate.ts'
import { readClockSync } from '../host/system/clock-sync.ts'
import { hasFile, readIfThere, removeFile, replaceFile } from '../host/system/file.ts'
import type { Log } from '../host/system/log.ts'
import type { LogRing } from '../host/system/log-ring.ts'
import { openMachine } from '../host/system/machine.ts'
import type { Places } from '../host/system/places.ts'
import { openPower, type Power, restartAfterMs } from '../host/system/power.ts'
import { needPrivate } from '../host/system/private-key.ts'
import { orderReset, resetIfOrdered } from '../host/system/reset.ts'
import { orderRestore, restoreIfOrdered } from '../host/system/restore.ts'
import { openRoom } from '../host/system/room.ts'
import { openWireKey } from '../host/system/wire-key.ts'
import { bindUdp } from '../host/udp/system.ts'
import { type Page, readPages } from '../host/web/pages.ts'
import { linkPath } from '../model/control-link.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { earliestMs } from '../model/version.ts'
import { openBoxStore, replaceUsers } from './box-store.ts'
import { type Gateway, openGateway } from './gateway.ts'
import { fieldsOf } from './log-fields.ts'
import type { RecordFile } from './program-loader.ts'
import type { Host } from './system.ts'

/** No answer within this is none. */
const controllerMs = 10_000
/** Of a file, without a byte. */
const fileMs = 60_000

/** @param logRing has what `log` wrote. @throws STORE_ errors of the keys, API_IN_USE */
export async function runGateway(places: Places, log: Log, logRing: LogRing): Promise<Gateway> {
  const clock = systemClock()
  const power = openPower(places.applianceMark, (error) =>
    log.error(fieldsOf(error), 'the machine is not started anew'),
  )
  const isAppliance = await power.isAppliance()
  // An appliance wipes its disk before anything starts: image/initramfs.
  if (!isAppliance && (await resetIfOrdered(places))) log.warn({}, 'reset: this box is blank')
  const restored = await restoreIfOrdered(places, (users) => replaceUsers(places, users, log))
  if (restored === 'done') log.warn({}, 'restored: this box is the one of a backup')
  if (restored === 'broken') log.error({}, 'not restored: the order cannot be read')
  if (typeof restored === 'object')
    log.error(fieldsOf(restored.refused), 'not restored: the users cannot be written')
  return openGateway({
    places,
    log,
    clock,
    wallMs: () => Math.max(Date.now(), earliestMs),
    random: (bytes) => randomBytes(bytes),
    net: openLinuxNet((error) => log.warn(fieldsOf(error), 'firewall counters begin at 0')),
    wireKey: await openWireKey(places.wireKey),
    connectDatapath: () => connectDatapath(places.datapathSocket),
    bindUdp,
    certificate: (address) =>
      openCertificate(join(places.lanCertificates, `${address}.pem`), [address], Date.now()),
    lanApiPort: 443,
    plainPort: 80,
    readPages: () => readWebui(places),
    openStore: (onFailed) => openBoxStore(places.storeFolder, onFailed),
    diagnostics: systemDiagnostics(places, logRing),
    programRecord: recordAt(places.programRecord),
    insideRecord: recordAt(places.insideRecord),
    whereaboutsRecord: recordAt(places.whereaboutsRecord),
    key: await openDeviceKey(places.deviceKey),
    imageRoots: await readRoots(places.imageRoots, (path, error) =>
      log.error({ ...fieldsOf(error), path }, 'root not read'),
    ),
    ownerRecord: recordAt(places.ownerRecord),
    signedRecord: recordAt(places.signedRecord),
    host: await hostAt(places, clock, power, (await readImageFacts()).dataNote),
    orderRecord: recordAt(places.orderRecord),
    architecture: imageArchitecture(),
    reset: async () => {
      await orderReset(places)
      if (isAppliance) await power.rebootMachine()
      // In order: its supervisor starts another.
      else process.kill(process.pid, 'SIGTERM')
    },
    connect: (controller, proxy, authorities) =>
      openZtp({ controller, proxy: proxy ?? undefined, authorities, timeoutMs: controllerMs }),
    openLink: (controller, proxy, own, authority) =>
      openLink({
        ...{ controller, path: linkPath, own, authorities: [authority], timeoutMs: controllerMs },
        proxy: proxy ?? undefined,
      }),
    appliance: isAppliance ? openAppliance(places, { nowMs: () => clock.nowMs() }) : noAppliance(),
    readFactory: () => readFactory(places),
    download: (controller, proxy, own, authority, path, from) =>
      download({
        ...{ controller, path, from, own, authorities: [authority], timeoutMs: fileMs },
        proxy: proxy ?? undefined,
      }),
    hostLeases: () => readHostLeases(places.dnsmasqLeases, Date.now()),
    services: openServices({
      clock,
      runFolder: places.serviceFolder,
      leaseFile: places.dnsmasqLeases,
      onFault: (service, error) =>
        log.error({ ...fieldsOf(error), detail: service }, 'service fault'),
    }),
  })
}

async function hostAt(
  places: Places,
  clock: Clock,
  power: Power,
  dataNote: string | null,
): Promise<Host> {
  return {
    ...{
      machine: openMachine(places.historyFolder, () => clock.nowMs()),
      restartAfterMs,
      dataNote,
      roomProblem: openRoom(places.historyFolder, () => clock.nowMs()),
    },
    clockSync: () => readClockSync(),
    power,
    slots: await openSlots(places),
    lanCertificate: (address) => readIfThere(join(places.lanCertificates, `${address}.pem`)),
    readKeys: async () => ({
      deviceKey: await needPrivate(places.deviceKey),
      wireKey: await needPrivate(places.wireKey),
    }),
    orderRestore: (order) => orderRestore(places, order),
  }
}

/** An appliance without RAUC is one that somebody made of packages. */
async function openSlots(places: Places): Promise<Slots> {
  const isThere = await Promise.all([places.applianceMark, places.raucConfig].map(hasFile))
  return isThere.includes(false) ? noSlots() : raucSlots(places)
}

/** Why it is not sound is told where it is to run. */
async function readFactory({ factoryConfig }: Places): Promise<DeviceConfig | null> {
  const text = await readConfigFile(factoryConfig).catch(() => null)
  return text === null ? null : parseDeviceConfig(text).config
}

/** On an appliance; beside this program, where it runs from its sources. */
async function readWebui({ webuiFolder }: Places): Promise<readonly Page[]> {
  const pages = await readPages(webuiFolder)
  return pages.length > 0 ? pages : readPages(join(import.meta.dirname, '../../webui/out'))
}

function recordAt(path: string): RecordFile {
  return {
    read: () => readIfThere(path),
    write: (text) => replaceFile(path, text),
    remove: () => removeFile(path),
  }
}
