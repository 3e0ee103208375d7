/**
 * Two branches behind one NAT: they talk in its network and not by way of the internet; and where that is shut, as among guests,
 * by the router's public address, if it hairpins. Seen at the router's ports.
 */
import type { Lab } from '../../lab/lab.ts'
import { natsOf } from '../../lab/nat.ts'
import { describeSharedNat } from '../../lab/nat-sites.ts'
import { waitFor } from '../../lab/until.ts'
import type { Check, Line } from '../line.ts'
import { directWithinMs, firstMs } from './expected.ts'
import { firstAnswer, openScene, type Scene } from './scene.ts'

const ports = ['left-lan', 'right-lan'] as const
const leastData = 3
type Way = 'lan' | 'hairpin'

export const sameNat: Line = {
  name: 'same-nat',
  title: 'two branches behind one NAT talk in its network; as guests of it, by its hairpin',
  isQuickBeside: true,
  faults: { guests: 'direct in', 'no-hairpin': 'direct as guests' },
  measure: async ({ isQuick, fault }) => {
    const mostMs = directWithinMs('direct', isQuick)
    return [
      ...(fault === 'no-hairpin' ? [] : [await measureWay('lan', fault === 'guests', mostMs)]),
      ...(fault === 'guests' ? [] : [await measureWay('hairpin', fault === 'no-hairpin', mostMs)]),
    ]
  },
}

/** @param isShut the way that is meant does not exist */
async function measureWay(way: Way, isShut: boolean, mostMs: number): Promise<Check> {
  const isGuest = (way === 'hairpin') !== (isShut && way === 'lan')
  const isHairpin = way === 'hairpin' && !isShut
  const onBuilt = async (lab: Lab): Promise<void> => {
    if (isGuest) await natsOf(lab, 'left')[0]!.isolateInside()
  }
  const description = describeSharedNat('port-restricted', { nat: { isHairpin } })
  await using scene = await openScene(description, { onBuilt })
  const read = await watchPorts(scene.lab, way)
  const first = await firstAnswer(scene, firstMs)
  const ms = first === null ? null : await crossesBothWays(scene, read, mostMs)
  return {
    check: way === 'lan' ? 'direct in their own network' : 'direct as guests, by the hairpin',
    target: `≤ ${mostMs / 1_000} s`,
    figure: ms === null ? 'never' : `${(ms / 1_000).toFixed(2)} s`,
    isOk: ms !== null && ms <= mostMs,
  }
}

/** Data of the overlay that enters the router by each port for the other branch, or for the public address. */
async function watchPorts(lab: Lab, way: Way): Promise<() => Promise<readonly number[]>> {
  const [left, right] = ['left', 'right'].map(
    (name) => lab.sites.find((site) => site.name === name)!.wan.address.split('/')[0]!,
  )
  const publicAddress = natsOf(lab, 'left')[0]!.publicAddress
  const to = way === 'lan' ? [right, left] : [publicAddress, publicAddress]
  const lines = ports.map((port, index) =>
    [
      `counter of-${port} {}`,
      `chain in-${port} {`,
      `type filter hook ingress device ${port} priority 0`,
      `ip daddr ${to[index]} udp length > 8 @th,64,8 0xd1 counter name of-${port}`,
      '}',
    ].join('\n'),
  )
  const input = `table netdev ways {\n${lines.join('\n')}\n}\n`
  await lab.exec('left-nat', ['nft', '-f', '-'], { input })
  return async () => {
    const text = await lab.exec('left-nat', ['nft', 'list', 'counters', 'table', 'netdev', 'ways'])
    return ports.map((port) =>
      Number(new RegExp(`of-${port} \\{\\s*packets (\\d+)`).exec(text)![1]),
    )
  }
}

/** @returns since the last gateway was ready; null when it is never so, or much later */
async function crossesBothWays(
  { readyMs }: Scene,
  read: () => Promise<readonly number[]>,
  mostMs: number,
): Promise<number | null> {
  return waitFor(
    async () =>
      (await read()).every((count) => count >= leastData) ? performance.now() - readyMs : null,
    readyMs + 2 * mostMs,
  )
}
