/**
 * `causeway prepare`: makes the machine ready before datapath and gateway start, and again when the gateway wants other NICs of it.
 * Each part by itself: what fails is told, and the box goes on without it.
 */
import { readConfigFile } from '../host/config/file.ts'
import { openHistory } from '../host/config/history.ts'
import { parseDeviceConfig } from '../host/config/parse.ts'
import { renderConfig } from '../host/config/render.ts'
import { settleDevices } from '../host/prepare/devices.ts'
import { endRecovery, hasNic, makeRecovery } from '../host/prepare/recovery.ts'
import { readCpus, readMemoryMb, readNics } from '../host/prepare/sysfs.ts'
import { confineOthers, reserveHugepages } from '../host/prepare/tuning.ts'
import { type Binding, bindDevices, releaseDevices } from '../host/prepare/vfio.ts'
import { readIfThere, replaceFile } from '../host/system/file.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError } from '../model/errors.ts'
import type { HardwareOrder, MachineNic, WantedHardware } from '../model/machine-nic.ts'
import { datapathEnvironment, planCpus, planMemory } from '../plan/prepare.ts'
import {
  factoryConfigOf,
  guessRoles,
  pciDevicesOf,
  rolesText,
  sameNics,
} from '../plan/prepare-nics.ts'
import { recoveryDnsmasq, recoveryPortOf } from '../plan/prepare-recovery.ts'

/** Whose NICs are named in a configuration does not wait for a device that never answers. */
const namedSeconds = 8
/** Who guesses without a NIC that is slow to come guesses wrong, or finds no LAN to be reached by, until the next start. */
const guessSeconds = 60

/**
 * Nothing of it is done to a machine that is no appliance: its memory, CPUs and NICs are its administrator's.
 * @returns whether all of it went well
 */
export async function prepareMachine(places: Places, log: Log): Promise<boolean> {
  if ((await readIfThere(places.applianceMark)) === null) {
    const detail = `${places.applianceMark} is not there`
    log.error({ code: 'HOST_NO_APPLIANCE', detail }, 'not prepared: this machine is no appliance')
    return false
  }
  const parts: readonly [what: string, task: () => Promise<void>][] = [
    ['memory and CPUs', () => shareMachine(places, log)],
    ['first configuration', () => lookAtNics(places, log)],
    ['NICs', () => shareNics(places, log)],
  ]
  let isWell = true
  for (const [what, task] of parts) {
    try {
      await task()
    } catch (error) {
      isWell = false
      sayFailed(log, what, error)
    }
  }
  return isWell
}

async function shareMachine(places: Places, log: Log): Promise<void> {
  const memory = planMemory(await readMemoryMb())
  const cpus = planCpus(await readCpus())
  // First, so that the datapath has its sizes whatever becomes of the rest.
  await replaceFile(places.datapathEnvironment, datapathEnvironment(memory, cpus))
  const had = await reserveHugepages(memory.hugepages)
  if (had < memory.hugepages) {
    const detail = `${had} of ${memory.hugepages}: memory is in pieces`
    log.warn({ detail }, 'too few hugepages: slower without')
  }
  if (cpus.worker !== null) await confineOthers(cpus.others)
}

/** Once after each start of the machine, before any NIC has left the kernel. */
async function lookAtNics(places: Places, log: Log): Promise<void> {
  if ((await readIfThere(places.nicInventory)) !== null) return
  const isBlank = (await readIfThere(places.config)) === null
  await settleDevices(isBlank ? guessSeconds : namedSeconds)
  const nics = await readNics()
  if (isBlank) await makeFactory(places, nics, log)
  // Last: what is cut off before it is done by the next run.
  await replaceFile(places.nicInventory, `${JSON.stringify(nics)}\n`)
}

/** Only for a box that nobody has configured. */
async function makeFactory(places: Places, nics: readonly MachineNic[], log: Log): Promise<void> {
  const before = readInventory(await readIfThere(places.machineNics))
  const isThere = (await readIfThere(places.factoryConfig)) !== null
  if (isThere && before !== null && sameNics(before, nics)) return
  const roles = guessRoles(nics)
  log.info({ detail: rolesText(roles) }, 'NICs guessed')
  const config = factoryConfigOf(roles, nics)
  if (config === null) return
  const remark = `What this box made of its NICs: ${rolesText(roles)}.`
  await replaceFile(places.factoryConfig, renderConfig(config, remark))
  await replaceFile(places.machineNics, `${JSON.stringify(nics)}\n`)
}

async function shareNics(places: Places, log: Log): Promise<void> {
  const text = await readIfThere(places.wantedHardware)
  try {
    await settleNics(places, readOrder(text), log)
  } finally {
    // Whoever asked need not wait for what could not be done.
    if (text !== null) await replaceFile(places.settledHardware, text)
  }
}

async function settleNics(places: Places, asked: HardwareOrder | null, log: Log): Promise<void> {
  const wanted = asked ?? (await wantedAtBoot(places))
  // The gateway says so once the datapath has let go: until then it would wait here.
  const given = (asked?.released ?? []).filter((device) => !wanted.devices.includes(device))
  tellProblems(log, 'NIC not given back', await releaseDevices(given))
  tellProblems(log, 'NIC not bound', await bindDevices(wanted.devices))
  const { recovery } = wanted
  if (recovery === null) return endRecovery(places)
  if (!(await hasNic(recovery.nic))) {
    log.warn({ detail: recovery.nic }, 'NIC of the recovery port missing')
    return
  }
  await makeRecovery(places, recovery, recoveryDnsmasq(recovery))
}

async function wantedAtBoot(places: Places): Promise<WantedHardware> {
  const factory = await soundConfig(() => readConfigFile(places.factoryConfig))
  const config =
    (await soundConfig(() => readConfigFile(places.config))) ?? (await lastGood(places))
  const inForce = config ?? factory
  return {
    devices: inForce === null ? [] : pciDevicesOf(inForce),
    recovery: recoveryPortOf(config, factory),
  }
}

/** Why one is not sound is the gateway's to tell. */
async function soundConfig(read: () => Promise<string>): Promise<DeviceConfig | null> {
  const text = await read().catch(() => null)
  return text === null ? null : parseDeviceConfig(text).config
}

async function lastGood({ configFolder }: Places): Promise<DeviceConfig | null> {
  const { entries } = await openHistory({ folder: configFolder, onBroken: () => {} })
  for (const { text } of entries) {
    const { config } = parseDeviceConfig(text)
    if (config !== null) return config
  }
  return null
}

function tellProblems(log: Log, message: string, bindings: readonly Binding[]): void {
  for (const { device, problem } of bindings) {
    if (problem !== null) log.error({ detail: `${device}: ${problem}` }, message)
  }
}

/** Both are ours, written whole: what cannot be read is as if it were not there. */
function readInventory(text: string | null): readonly MachineNic[] | null {
  return readJson(text) as readonly MachineNic[] | null
}

function readOrder(text: string | null): HardwareOrder | null {
  return readJson(text) as HardwareOrder | null
}

function readJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return null
  }
}

function sayFailed(log: Log, what: string, error: unknown): void {
  const isOperating =
    error instanceof CausewayError || (error instanceof Error && 'syscall' in error)
  if (!isOperating) throw error
  const { code, message } = error as { readonly code?: string; readonly message: string }
  const detail = `${what}: ${message}`
  log.error(code === undefined ? { detail } : { code, detail }, 'not prepared')
}
