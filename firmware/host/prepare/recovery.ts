/**
 * The recovery port in the kernel: up, with its address, let in by the base ruleset (image/rootfs/etc/nftables.conf), and with
 * DHCP by a unit of its own. What of it there is stands in a record, so that another one takes its place.
 */
import { access } from 'node:fs/promises'
import type { RecoveryPort } from '../../model/machine-nic.ts'
import { run } from '../system/command.ts'
import { readIfThere, removeFile, replaceFile } from '../system/file.ts'
import type { Places } from '../system/places.ts'

type RecoveryPlaces = Pick<Places, 'recoveryRecord' | 'recoveryConf'>

const dhcpUnit = 'causeway-recovery.service'
const baseSet = ['inet', 'base', 'recovery']

/** What was made last; null: none, or nobody knows. */
export async function readRecovery({
  recoveryRecord,
}: RecoveryPlaces): Promise<RecoveryPort | null> {
  try {
    const { nic, address } = JSON.parse(
      (await readIfThere(recoveryRecord)) ?? 'null',
    ) as RecoveryPort
    return typeof nic === 'string' && typeof address === 'string' ? { nic, address } : null
  } catch {
    return null
  }
}

/**
 * @param dhcp what dnsmasq is told
 * @throws HOST_COMMAND_ errors: the NIC is not there, say
 */
export async function makeRecovery(
  places: RecoveryPlaces,
  port: RecoveryPort,
  dhcp: string,
): Promise<void> {
  const before = await readRecovery(places)
  if (before !== null && before.nic !== port.nic) await endRecovery(places)
  const { nic, address } = port
  if (before !== null && before.address !== address && before.nic === nic)
    await run(['ip', '-4', 'addr', 'flush', 'dev', nic])
  await run(['ip', 'addr', 'replace', address, 'dev', nic])
  await run(['ip', 'link', 'set', 'dev', nic, 'up'])
  await run(['nft', 'add', 'element', ...baseSet, `{ "${nic}" }`])
  await replaceFile(places.recoveryConf, dhcp)
  await replaceFile(places.recoveryRecord, `${JSON.stringify(port)}\n`)
  await run(['systemctl', '--no-block', 'restart', dhcpUnit])
}

/** Nothing answers there any more. What is gone already is no failure. */
export async function endRecovery(places: RecoveryPlaces): Promise<void> {
  const before = await readRecovery(places)
  if (before === null) return
  const isGone = { tolerates: () => true }
  await run(['nft', 'flush', 'set', ...baseSet], isGone)
  await run(['systemctl', '--no-block', 'stop', dhcpUnit], isGone)
  await run(['ip', 'addr', 'flush', 'dev', before.nic], isGone)
  await removeFile(places.recoveryConf)
  await removeFile(places.recoveryRecord)
}

/** Whether the kernel has the port, in this namespace. */
export async function hasNic(nic: string): Promise<boolean> {
  return access(`/sys/class/net/${nic}`).then(
    () => true,
    () => false,
  )
}
