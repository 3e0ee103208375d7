/** What the kernel says of itself and its network, as its own tools print it, for whoever is to help from afar. */
import { readFile } from 'node:fs/promises'
import { run } from '../system/command.ts'
import type { ArchivePart } from './archive.ts'

/** By file name. Nothing that shows other programs' arguments, environments or files. */
const commands: Readonly<Record<string, readonly string[]>> = {
  'kernel.txt': ['uname', '-a'],
  'addresses.txt': ['ip', '-details', '-statistics', 'addr', 'show'],
  'routes.txt': ['ip', 'route', 'show', 'table', 'all'],
  'routes6.txt': ['ip', '-6', 'route', 'show', 'table', 'all'],
  'rules.txt': ['ip', 'rule', 'show'],
  'rules6.txt': ['ip', '-6', 'rule', 'show'],
  'neighbours.txt': ['ip', '-statistics', 'neigh', 'show'],
  'firewall.txt': ['nft', 'list', 'table', 'inet', 'causeway'],
  'sockets.txt': ['ss', '-s'],
  'disks.txt': ['df', '-h'],
}
const inNicNetns: Readonly<Record<string, readonly string[]>> = {
  'nics.txt': ['ip', '-details', '-statistics', 'link', 'show'],
}
const files: Readonly<Record<string, string>> = {
  'memory.txt': '/proc/meminfo',
  'load.txt': '/proc/loadavg',
  'softnet.txt': '/proc/net/softnet_stat',
}
const nicFlags = ['-k', '-S', '-i'] as const

/** What cannot be had is said in its place. Never throws. */
export async function machineFacts(
  nicNetns: string,
  nics: readonly string[],
): Promise<readonly ArchivePart[]> {
  const said = async (name: string, text: Promise<string>): Promise<ArchivePart> => ({
    name,
    text: await text.catch((error: unknown) => `not to be had: ${String(error)}\n`),
  })
  return Promise.all([
    ...Object.entries(commands).map(([name, argv]) => said(name, run(argv))),
    ...Object.entries(inNicNetns).map(([name, argv]) => said(name, run(argv, { netns: nicNetns }))),
    ...Object.entries(files).map(([name, path]) => said(name, readFile(path, 'utf8'))),
    ...nics.map((nic) => said(`ethtool-${nic}.txt`, ethtool(nicNetns, nic))),
  ])
}

async function ethtool(netns: string, nic: string): Promise<string> {
  const texts = await Promise.all(
    nicFlags.map((flag) =>
      run(['ethtool', flag, nic], { netns }).catch((error: unknown) => `${String(error)}\n`),
    ),
  )
  return texts.join('\n')
}
