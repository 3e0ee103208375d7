/**
 * The real `Net`: iproute2, ethtool and nft as child processes, sysctls through /proc. Reads everything anew
 * each time, keeps no state of its own. Enters the NICs' namespace as `run` does: `ip -netns` would want to mount a /sys of its own.
 */
import { access, readFile, writeFile } from 'node:fs/promises'
import { CausewayError } from '../../model/errors.ts'
import {
  firewallTable,
  type HostReading,
  type HostState,
  type LinkReading,
  type NicFacts,
  ownMark,
  type RouteState,
  type RuleState,
  type SysctlState,
} from '../../model/host-state.ts'
import { run } from '../system/command.ts'
import { claimNamespace } from './claim.ts'
import type { Net } from './net.ts'
import { nicLinksIn } from './nic-links.ts'
import {
  hasTable,
  isGoneAlready,
  isLoopback,
  readCounters,
  readFeatures,
  readFirewall,
  readLinks,
  readRoutes,
  readRules,
} from './reading.ts'
import { type Action, countOn, spell } from './steps.ts'
import { openTwinHolder, type TwinHolder } from './twin-holder.ts'

/** @param onCountersLost told why a table's counters could not be read when another took its place: that one's begin at 0 */
export function openLinuxNet(onCountersLost: (error: CausewayError) => void): Net {
  let holder: TwinHolder | null = null
  return {
    claim: claimNamespace,

    async nics(netns) {
      const inside = (await hasNetns(netns)) ? await links(netns) : []
      const outside = (await links('')).filter(({ tunnel }) => tunnel === null)
      return [...inside, ...outside]
        .filter((link) => !isLoopback(link))
        .map(
          ({ name, mac, mtuBytes, tsoMaxBytes }): NicFacts => ({
            name,
            mac,
            mtuBytes,
            tsoMaxBytes,
          }),
        )
    },

    async nicLinks(netns) {
      const inside = (await hasNetns(netns)) ? await nicLinksIn(netns) : []
      return [...inside, ...(await nicLinksIn(''))]
    },

    async read(want, signal) {
      const isThere = await hasNetns(want.netns)
      return {
        hasNetns: isThere,
        hasIpv6: await exists('/proc/sys/net/ipv6'),
        links: await links('', signal),
        nics: isThere ? await nicsOf(want, signal) : [],
        routes: [...(await routes(4, signal)), ...(await routes(6, signal))],
        rules: [...(await rules(4, signal)), ...(await rules(6, signal))],
        sysctls: await readSysctls(want, isThere),
        firewall: await firewall(signal),
      } satisfies HostReading
    },

    async apply(steps, signal) {
      for (const action of spell(steps, process.pid)) {
        signal?.throwIfAborted()
        await perform(action, onCountersLost)
      }
    },

    hold(twins) {
      holder ??= openTwinHolder()
      holder.hold(twins)
    },
  }
}

const ipJson = ['ip', '-json', '-details']

async function links(netns: string, signal?: AbortSignal): Promise<LinkReading[]> {
  return readLinks(await run([...ipJson, 'addr', 'show'], { netns, signal }))
}

async function routes(family: 4 | 6, signal?: AbortSignal): Promise<RouteState[]> {
  const words = `-${family} route show table all proto ${ownMark}`.split(' ')
  return readRoutes(await run([...ipJson, ...words], { signal, tolerates: hasNoFamily }), family)
}

async function rules(family: 4 | 6, signal?: AbortSignal): Promise<RuleState[]> {
  const argv = [...ipJson, `-${family}`, 'rule', 'show']
  return readRules(await run(argv, { signal, tolerates: hasNoFamily }), family)
}

/** Of a kernel without IPv6. */
function hasNoFamily(stderr: string): boolean {
  return /Address family not supported|Operation not supported/.test(stderr)
}

async function nicsOf({ netns, nics }: HostState, signal?: AbortSignal): Promise<LinkReading[]> {
  const wanted = new Set(nics.map(({ name }) => name))
  const found = (await links(netns, signal)).filter((link) => !isLoopback(link))
  return Promise.all(
    found.map(async (link) => {
      if (!wanted.has(link.name)) return link
      const text = await run(['ethtool', '--json', '-k', link.name], { netns, signal })
      return { ...link, features: readFeatures(text) }
    }),
  )
}

async function hasNetns(name: string): Promise<boolean> {
  return exists(`/run/netns/${name}`)
}

async function firewall(signal?: AbortSignal): Promise<HostReading['firewall']> {
  if (!(await hasFirewall(signal))) return null
  const text = await run(['nft', '-j', 'list', 'table', 'inet', firewallTable], { signal })
  return readFirewall(text)
}

async function hasFirewall(signal?: AbortSignal): Promise<boolean> {
  return hasTable(await run(['nft', '-j', 'list', 'tables', 'inet'], { signal }), firewallTable)
}

/**
 * Read at the last moment: what is dropped between this and the load is not counted. Protection does not wait for
 * statistics: none where they cannot be read.
 */
async function counters(
  onLost: (error: CausewayError) => void,
): Promise<ReadonlyMap<string, string>> {
  try {
    if (!(await hasFirewall())) return new Map()
    const argv = ['nft', '-j', 'list', 'counters', 'table', 'inet', firewallTable]
    return readCounters(await run(argv))
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    onLost(error)
    return new Map()
  }
}

async function readSysctls(want: HostState, isThere: boolean): Promise<SysctlState[]> {
  const own = want.sysctls.filter(({ scope }) => scope === 'own')
  const values = await Promise.all(
    own.map(async (sysctl) => {
      const value = await contentOf(`/proc/sys/${sysctl.key}`)
      return value === null ? [] : [{ ...sysctl, value }]
    }),
  )
  const nic = want.sysctls.filter(({ scope }) => scope === 'nic')
  if (!isThere || nic.length === 0) return values.flat()
  // /proc/sys/net shows the namespace of whoever looks, so somebody has to go there.
  const text = await run(['sysctl', '-e', ...nic.map(({ key }) => key)], { netns: want.netns })
  const inside = new Map(
    text.split('\n').map((line) => {
      const [key = '', value = ''] = line.split(' = ')
      return [key.replaceAll('.', '/'), value] as const
    }),
  )
  const found = nic.flatMap((sysctl) => {
    const value = inside.get(sysctl.key)
    return value === undefined ? [] : [{ ...sysctl, value }]
  })
  return [...values.flat(), ...found]
}

async function perform(
  action: Action,
  onCountersLost: (error: CausewayError) => void,
): Promise<void> {
  switch (action.kind) {
    case 'ip': {
      const { netns } = action
      const input = `${action.lines.join('\n')}\n`
      // The lines after one that fails are carried out nevertheless.
      const tolerance = action.isRemoval ? { tolerates: isGoneAlready } : {}
      const force = action.isRemoval ? ['-force'] : []
      const family = action.family === null ? [] : [`-${action.family}`]
      await run(['ip', ...family, ...force, '-batch', '-'], { input, netns, ...tolerance })
      return
    }
    case 'command':
      await run(action.argv, { netns: action.netns })
      return
    case 'nft':
      await run(['nft', '-f', '-'], {
        input: countOn(action.text, await counters(onCountersLost)),
      })
      return
    case 'sysctl':
      await writeSysctls(action.netns, action.sysctls)
  }
}

async function writeSysctls(netns: string, sysctls: readonly SysctlState[]): Promise<void> {
  if (netns === '') {
    for (const { key, value } of sysctls) await writeFile(`/proc/sys/${key}`, value)
    return
  }
  const settings = sysctls.map(({ key, value }) => `${key}=${value}`)
  await run(['sysctl', '-q', '-w', ...settings], { netns })
}

/** Null where the kernel has no such switch. */
async function contentOf(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
