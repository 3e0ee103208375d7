/** Lets one host in at one TCP port from the overlay, for a while: an element with a time of its own in a set of the firewall's. */
import { firewallTable, speedSets } from '../../model/host-state.ts'
import { run } from '../system/command.ts'

/** Addresses as `ipText` writes them. */
export interface Door {
  readonly family: 4 | 6
  readonly from: string
  readonly to: string
  readonly port: number
}

/** It closes by itself then, whoever forgets it. @throws HOST_COMMAND_ errors */
export async function openDoor(door: Door, seconds: number): Promise<void> {
  await run(['nft', '-f', '-'], { input: lineOf('add', door, ` timeout ${seconds}s`) })
}

/** One that has closed by itself, or went with its table, is no error. @throws HOST_COMMAND_ errors */
export async function closeDoor(door: Door): Promise<void> {
  const isGone = (stderr: string): boolean => /No such file or directory/.test(stderr)
  await run(['nft', '-f', '-'], { input: lineOf('delete', door, ''), tolerates: isGone })
}

function lineOf(verb: 'add' | 'delete', { family, from, to, port }: Door, more: string): string {
  const set = speedSets[family]
  return `${verb} element inet ${firewallTable} ${set} { ${from} . ${to} . ${port}${more} }\n`
}
