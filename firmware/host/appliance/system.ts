/**
 * The real `Appliance`. What wants rights that the gateway has not is asked of units: `causeway-prepare` binds NICs and makes the
 * recovery port by what is written down for it, `ssh` is Debian's.
 */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { HardwareOrder, MachineNic, WantedHardware } from '../../model/machine-nic.ts'
import { readRecovery } from '../prepare/recovery.ts'
import { boundDevices } from '../prepare/vfio.ts'
import { run } from '../system/command.ts'
import { readIfThere, removeFile, replaceFile } from '../system/file.ts'
import type { Places } from '../system/places.ts'
import type { Appliance } from './appliance.ts'
import { authorizedKeys, openLogins } from './logins.ts'

/** A start of the unit, on a slow machine too. */
const startMs = 20_000
const lookMs = 200
/** What failed is tried again after this. */
const againMs = 60_000
/** Orders that are remembered. */
const mostAsked = 8
const prepareUnit = 'causeway-prepare.service'

export interface ApplianceParts {
  /** A clock that never goes back. */
  readonly nowMs: () => number
  /** How long it waits for the unit, at most. */
  readonly mostMs?: number
  /** `/`, or a folder that stands for it in tests. */
  readonly root?: string
  /** Runs a program of the machine. */
  readonly command?: (argv: readonly string[]) => Promise<unknown>
}

export function openAppliance(places: Places, parts: ApplianceParts): Appliance {
  const { nowMs, mostMs = startMs, root = '/', command = run } = parts
  const logins = openLogins(join(root, authorizedKeys), command)
  /** When each order was given last. */
  const asked = new Map<string, number>()
  let resolver: string | null = null

  /** Not the same again and again. @returns once the unit has done what it could, or the time is up; false: it was not asked */
  const order = async (wanted: HardwareOrder): Promise<boolean> => {
    const text = `${JSON.stringify(wanted)}\n`
    if (nowMs() - (asked.get(text) ?? Number.NEGATIVE_INFINITY) < againMs) return false
    if (asked.size >= mostAsked) asked.clear()
    await replaceFile(places.wantedHardware, text)
    await removeFile(places.settledHardware)
    asked.set(text, nowMs())
    await command(['systemctl', '--no-block', 'restart', prepareUnit])
    for (const end = nowMs() + mostMs; nowMs() < end; await pause(lookMs))
      if ((await readIfThere(places.settledHardware)) === text) break
    return true
  }
  const lackingOf = async ({ devices }: WantedHardware): Promise<string[]> => {
    const bound = await boundDevices(root)
    return devices.filter((device) => !bound.includes(device))
  }
  const hasRecovery = async ({ recovery }: WantedHardware): Promise<boolean> => {
    const now = await readRecovery(places)
    return now?.nic === recovery?.nic && now?.address === recovery?.address
  }
  const isSettled = async (wanted: WantedHardware): Promise<boolean> =>
    (await lackingOf(wanted)).length === 0 && (await hasRecovery(wanted))

  return {
    async settle(wanted) {
      const released: readonly string[] = []
      if (!(await isSettled(wanted))) await order({ ...wanted, released })
      const others = (await boundDevices(root)).filter((device) => !wanted.devices.includes(device))
      const nics = readNics(await readIfThere(places.nicInventory))
      return {
        lacking: await lackingOf(wanted),
        leaving: nics.filter(({ place }) => others.includes(place)),
      }
    },
    async release(wanted) {
      const released = (await boundDevices(root)).filter(
        (device) => !wanted.devices.includes(device),
      )
      if (released.length === 0 || !(await order({ ...wanted, released }))) return false
      const bound = await boundDevices(root)
      return released.some((device) => !bound.includes(device))
    },
    recovery: () => readRecovery(places),
    async resolve(servers) {
      const text = resolverText(servers)
      if (text === resolver) return
      await replaceFile(places.resolver, text)
      // Programs that are no root's read it too, whatever our own mask is.
      await chmod(places.resolver, 0o644)
      resolver = text
    },
    admit: (keys) => logins.admit(keys),
  }
}

/** Of more the resolver takes no notice: resolv.conf(5). */
const mostServers = 3

export function resolverText(servers: readonly string[]): string {
  const lines = servers.slice(0, mostServers).map((server) => `nameserver ${server}\n`)
  return `# Made by Causeway; changes are lost.\n${lines.join('')}options timeout:2 attempts:2\n`
}

function readNics(text: string | null): readonly MachineNic[] {
  try {
    return JSON.parse(text ?? '[]') as readonly MachineNic[]
  } catch {
    return []
  }
}
