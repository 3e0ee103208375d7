/**
 * A call between two branches whose NATs both give each destination another port, so that a hub relays it, over the hub's link, which
 * is full of what it relays besides: the hub cannot look into it, and knows a call by its lane. Branches shape nothing here.
 */

import { plantDrop } from '../../lab/faults.ts'
import { hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { describeNatSites } from '../../lab/nat-sites.ts'
import { startPace } from '../../lab/pace.ts'
import { lookAt } from '../../lab/status.ts'
import { waitFor } from '../any-nat/scene.ts'
import type { Check, Line } from '../line.ts'
import { callChecks, talk } from './call.ts'
import { blast, fill, narrowBps } from './scene.ts'

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
    await lab.start()
    await firstPassed(lab)
    if (fault === 'drop-packet') {
      await plantDrop(lab, 'right-host', 'input', 'udp dport 9100 numgen inc mod 20 == 10')
    }
    const { idle, busy } = seconds[isQuick || fault !== undefined ? 'quick' : 'full']
    const alone = await talk(lab, ride, idle)
    const address = hostAddress(lab, ride.to)
    await using _load = await load(lab, address, fault === 'rate-unknown')
    const before = await relayedPackets(lab)
    const full = await talk(lab, ride, busy)
    const packets = (await relayedPackets(lab)) - before
    return [...callChecks(ride, alone, full), whatWasRelayed(packets, full.sent, busy)]
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

/** That came from the branch and went on. */
async function relayedPackets(lab: Lab): Promise<number> {
  const found = await waitFor(async () => {
    const { status } = await lookAt(lab, 'hub')
    const pair = status.relaying?.pairs[0]
    return pair?.traffic.reduce((sum, { packets }) => sum + packets, 0) ?? null
  }, performance.now() + startTimeoutMs)
  return found ?? Number.NaN
}

/** Nobody has found another way, and the link was full. */
function whatWasRelayed(packets: number, sent: number, forSeconds: number): Check {
  const most = (narrowBps / 8 / 1_300) * forSeconds
  const least = sent + most / 2
  return {
    check: 'relayed meanwhile',
    target: `≥ ${least.toFixed(0)} packets`,
    figure: String(packets),
    isOk: packets >= least,
  }
}
