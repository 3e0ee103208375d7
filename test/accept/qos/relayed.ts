/**
 * A call between two branches whose NATs both give each destination another port, so that a hub relays it, over the hub's link, which
 * is full of what it relays besides: the hub cannot look into it, and knows a call by its lane. Branches shape nothing here.
 */

import { plantDrop } from '../../lab/faults.ts'
import { hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { describeNatSites } from '../../lab/nat-sites.ts'
import { startPace } from '../../lab/pace.ts'
import { watchCrossings } from '../any-nat/crossings.ts'
import type { Check, Line } from '../line.ts'
import { callChecks, talk } from './call.ts'
import { blast, fill, fullCheck, linkBytes, narrowBps } from './scene.ts'

const lowPriority = 8
const way = { delayMs: 5, queueMs: 400 }
const hubDownBps = 100_000_000
const ride = { name: 'by the relay', from: 'left', to: 'right' }
const seconds = { full: { idle: 10, busy: 30 }, quick: { idle: 2, busy: 4 } }
const startTimeoutMs = 15_000

export const relayed: Line = {
  name: 'relayed',
  title: 'a call that a hub relays over its full link of 10 Mbit/s: as on an idle one',
  faults: {
    'rate-unknown': 'by the relay: added delay',
    'drop-packet': 'by the relay: lost',
  },
  measure: async ({ isQuick, fault }) => {
    await using lab = await openLab(describe(fault === 'rate-unknown'))
    const crossings = await watchCrossings(lab)
    await lab.start()
    await firstPassed(lab)
    if (fault === 'drop-packet') {
      await plantDrop(lab, 'right-host', 'input', 'udp dport 9100 numgen inc mod 20 == 10')
    }
    const { idle, busy } = seconds[isQuick || fault !== undefined ? 'quick' : 'full']
    const alone = await talk(lab, ride, idle)
    const address = hostAddress(lab, ride.to)
    await using _load = await load(lab, address, fault === 'rate-unknown')
    const before = await linkBytes(lab, 'hub')
    const full = await talk(lab, ride, busy)
    const isFull = fullCheck(ride.name, before, await linkBytes(lab, 'hub'))
    return [
      ...callChecks(ride, alone, full, { isQuick }),
      isFull,
      directCheck((await crossings()).left.data),
    ]
  },
}

function describe(isRateUnknown: boolean) {
  const [up, down] = [
    { ...way, rateBps: narrowBps },
    { ...way, rateBps: hubDownBps },
  ]
  const more = isRateUnknown ? {} : { up: '10M', down: '100M' }
  return describeNatSites('symmetric', 'symmetric', {
    seed: 7,
    link: (site) => (site === 'hub' ? { emulated: { up, down }, more } : {}),
  })
}

/** @param isBlast without TCP, which gets nowhere where the hub's queues are the modem's both ways */
async function load(lab: Lab, address: string, isBlast: boolean): Promise<AsyncDisposable> {
  const [from, to] = ['left-host', 'right-host']
  if (!isBlast) return fill(lab, from, to, address, lowPriority)
  const pace = await startPace(lab, from, to, address, { ...blast, dscp: lowPriority })
  await pace.heard()
  return pace
}

/** Until something of the one host has come to the other. */
async function firstPassed(lab: Lab): Promise<void> {
  const address = hostAddress(lab, ride.to)
  await using pace = await startPace(lab, 'left-host', 'right-host', address, {
    ...{ ratePps: 10, port: 9_101 },
  })
  await pace.heard(0, startTimeoutMs)
}

/** Whether nobody has found another way. */
function directCheck(direct: number): Check {
  return {
    check: `${ride.name}: packets that go directly`,
    target: '0',
    figure: String(direct),
    isOk: direct === 0,
  }
}
