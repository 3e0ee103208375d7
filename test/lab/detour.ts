/**
 * An emulated link inside the internet that only what goes from one site's uplink to the other's takes, and back: so that the
 * direct way between the two can be made worse than the one by a third. Needs a lab with emulated links.
 *
 *   left ══ internet detour-left ══ [native/test/wan] ══ detour-right internet ══ right
 */
import type { Lab } from './lab.ts'
import { startWan, type Wan } from './wan.ts'

const sides = ['left', 'right'] as const
/** Of nobody: RFC 3927. Where a frame goes is written into the table of neighbours. */
const nextHop = '169.254.7.2'
const tables = { left: 71, right: 72 } as const
const emulatedMtu = 9216

/**
 * @param prefixes of the sites' uplinks in the internet
 * @returns the link, a wire at first; `up` is from left to right
 */
export async function startDetour(
  lab: Lab,
  prefixes: Readonly<Record<(typeof sides)[number], string>>,
): Promise<Wan> {
  const wan = lab.netns('wan')
  await ip(
    lab,
    'internet',
    sides.flatMap((side) => [
      `link add detour-${side} type veth peer name dt-${side} netns ${wan}`,
      `link set detour-${side} up`,
    ]),
  )
  await ip(
    lab,
    'wan',
    sides.map((side) => `link set dt-${side} mtu ${emulatedMtu} up`),
  )
  const off = ['tso', 'gso', 'tx-udp-segmentation'].flatMap((feature) => [feature, 'off'])
  for (const side of sides) await lab.exec('internet', ['ethtool', '-K', `detour-${side}`, ...off])
  const link = await startWan((argv) => lab.spawn('wan', argv), 1, ['dt-left', 'dt-right'])
  const [left, right] = await Promise.all(sides.map((side) => macOf(lab, `detour-${side}`)))
  const far = { left: right!, right: left! }
  const other = { left: 'right', right: 'left' } as const
  await ip(
    lab,
    'internet',
    sides.flatMap((side) => [
      `neighbour replace ${nextHop} lladdr ${far[side]} dev detour-${side} nud permanent`,
      `route add default via ${nextHop} dev detour-${side} onlink table ${tables[side]}`,
      `rule add iif ${side} to ${prefixes[other[side]]} table ${tables[side]}`,
    ]),
  )
  return link
}

async function macOf(lab: Lab, nic: string): Promise<string> {
  const said = await lab.exec('internet', ['ip', '-j', 'link', 'show', 'dev', nic])
  return (JSON.parse(said) as [{ address: string }])[0].address
}

async function ip(lab: Lab, where: string, commands: readonly string[]): Promise<void> {
  await lab.exec(where, ['ip', '-batch', '-'], { input: `${commands.join('\n')}\n` })
}
