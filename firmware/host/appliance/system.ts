/**
 * The real `Appliance`. What wants rights that the gateway has not is asked of units: `causeway-prepare` binds NICs and makes the
 * recovery port by what is written down for it, `ssh` is Debian's.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { HardwareOrder, MachineNic, WantedHardware } from '../../model/machine-nic.ts'
import { readRecovery } from '../prepare/recovery.ts'
import { boundDevices } from '../prepare/vfio.ts'
import { run } from '../system/command.ts'
import { readIfThere, replaceFile } from '../system/file.ts'
import type { Places } from '../system/places.ts'
import type { Appliance } from './appliance.ts'
import { openLogins } from './logins.ts'

/** A start of the unit, on a slow machine too. */
const mostMs = 20_000
const lookMs = 200
/** What failed is tried again after this. */
const againMs = 60_000
const prepareUnit = 'causeway-prepare.service'

/** @param nowMs a clock that never goes back */
export function openAppliance(places: Places, nowMs: () => number): Appliance {
  const logins = openLogins()
  let lastText = ''
  let lastMs = Number.NEGATIVE_INFINITY
  let resolver: string | null = null

  /** Not the same again and again. @returns whether it was asked for */
  const order = async (wanted: HardwareOrder): Promise<boolean> => {
    const text = `${JSON.stringify(wanted)}\n`
    if (text === lastText && nowMs() - lastMs < againMs) return false
    await replaceFile(places.wantedHardware, text)
    lastText = text
    lastMs = nowMs()
    await run(['systemctl', '--no-block', 'restart', prepareUnit])
    return true
  }
  const until = async (isDone: () => Promise<boolean>): Promise<boolean> => {
    for (const end = nowMs() + mostMs; nowMs() < end; await pause(lookMs))
      if (await isDone()) return true
    return isDone()
  }
  const lackingOf = async ({ devices }: WantedHardware): Promise<string[]> => {
    const bound = await boundDevices()
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
      if (!(await isSettled(wanted)) && (await order({ ...wanted, released })))
        await until(() => isSettled(wanted))
      const others = (await boundDevices()).filter((device) => !wanted.devices.includes(device))
      const nics = readNics(await readIfThere(places.nicInventory))
      return {
        lacking: await lackingOf(wanted),
        leaving: nics.filter(({ place }) => others.includes(place)),
      }
    },
    async release(wanted) {
      const released = (await boundDevices()).filter((device) => !wanted.devices.includes(device))
      if (released.length === 0 || !(await order({ ...wanted, released }))) return false
      return until(async () => {
        const bound = await boundDevices()
        return released.every((device) => !bound.includes(device))
      })
    },
    recovery: () => readRecovery(places),
    async resolve(servers) {
      const text = resolverText(servers)
      if (text === resolver) return
      // Programs that are no root's read it too.
      await replaceFile(places.resolver, text, 0o644)
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
