/**
 * Brownouts: one link loses packets, then is slow, then comes and goes. What is sensitive leaves it and comes back, what is
 * not stays, nothing flaps, no connection breaks, and the link that costs carries nothing when all is over.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { describeManyLinks } from '../../lab/description.ts'
import { awaitReachable, hostAddress } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { type PacedFlows, startPace } from '../../lab/pace.ts'
import { openPaths, type SitePaths } from '../../lab/paths.ts'
import { type Steady, startSteady } from '../../lab/steady.ts'
import { nowNs, type WanSettings } from '../../lab/wan.ts'
import type { Check, Context, Line } from '../line.ts'
import { type LinkUse, watchLinks } from './link-use.ts'

const callsPps = 500
const bulkPps = 50
const expeditedForwarding = 46
const leaveMs = 1_000
const backMs = 45_000
const waitMs = { full: 4_000, quick: 2_500 }
const backWaitMs = 50_000
const flapPeriodMs = 2_000
const flaps = 10
const afterMs = 5_000
const lookMs = 50

const link = { delayMs: 10 }
const lossy: WanSettings = { ...link, lossPpm: 50_000 }
const slow: WanSettings = { delayMs: 160 }

export const steering: Line = {
  name: 'steering',
  title:
    '5 % loss, then +150 ms, then flaps on one link: what is sensitive leaves within 1 s and comes back, bulk stays',
  faults: {
    'no-policy': '5 % loss: sensitive',
    'all-leave': '5 % loss: bulk',
    'stays-bad': 'after 5 % loss: back',
    'broken-tcp': 'TCP',
  },
  measure: async (context) => {
    await using lab = await openLab(describe(context))
    await lab.start()
    await awaitReachable(lab, 'berlin', 'lisbon')
    await using paths = await openPaths(lab, 'berlin')
    await paths.allUp()
    await using tcp = await startSteady(lab, 'berlin', 'lisbon')
    await using calls = await startFlow(lab, 9_100, callsPps, expeditedForwarding)
    await using bulk = await startFlow(lab, 9_101, bulkPps, 0)
    await using use = watchLinks(paths)
    await Promise.all([calls.heard(), bulk.heard()])
    const scene = { lab, paths, use, context }
    const checks = await brownout(
      scene,
      '5 % loss',
      lossy,
      context.isQuick ? waitMs.quick : waitMs.full,
    )
    if (!context.isQuick) {
      checks.push(...(await brownout(scene, '+150 ms', slow, waitMs.full)))
      checks.push(...(await flapping(scene)))
    }
    if (context.fault === 'broken-tcp') await tcp.server.stop('SIGKILL')
    return [...checks, await tcpCheck(tcp)]
  },
}

interface Scene {
  readonly lab: Lab
  readonly paths: SitePaths
  readonly use: LinkUse
  readonly context: Context
}

function describe({ fault }: Context) {
  const calls = { name: 'calls', for: { dscp: ['ef'] }, loss: 1, latencyMs: 100, prefer: ['wan0'] }
  const bulk = fault === 'all-leave' ? [{ name: 'default', loss: 1 }] : []
  return describeManyLinks({
    uplinks: 2,
    seed: 7,
    policies: fault === 'no-policy' ? [] : [calls, ...bulk],
    link: (_site, number) => ({
      emulated: { up: link, down: link },
      ...(number === 1 ? { more: { metered: true } } : {}),
    }),
  })
}

function startFlow(lab: Lab, port: number, ratePps: number, dscp: number): Promise<PacedFlows> {
  const to = hostAddress(lab, 'lisbon')
  return startPace(lab, 'berlin-host', 'lisbon-host', to, { ratePps, port, dscp, bytes: 160 })
}

/** The fault of berlin's first link, in both directions, then none; in the short form without the way back. */
async function brownout(
  { lab, use, context }: Scene,
  name: string,
  fault: WanSettings,
  forMs: number,
): Promise<Check[]> {
  const wan = lab.wan('berlin', 'wan0')
  await onFirst(use)
  const beganNs = await wan.set('both', fault)
  await pause(forMs)
  const leftMs = use.firstOn(1, beganNs, 0.6 * callsPps)
  const bulkPacketsOnMetered = use.rate(1, nowNs() - 1e9, nowNs()) - callsPps
  const left: Check = {
    check: `${name}: sensitive leaves`,
    target: `≤ ${leaveMs} ms`,
    figure: leftMs === null ? 'never' : `${leftMs.toFixed(0)} ms`,
    isOk: leftMs !== null && leftMs <= leaveMs,
  }
  const byFirst = use.rate(0, nowNs() - 1e9, nowNs())
  const stayed: Check = {
    check: `${name}: bulk stays`,
    target: `${bulkPps}/s and TCP by the first link`,
    figure: `${byFirst.toFixed(0)}/s; ${Math.max(0, bulkPacketsOnMetered).toFixed(0)}/s too many by the metered one`,
    isOk: byFirst >= 0.8 * bulkPps && bulkPacketsOnMetered < 0.4 * bulkPps,
  }
  if (context.isQuick && context.fault !== 'stays-bad') {
    await wan.clear('both', link)
    return [left, stayed]
  }
  return [left, stayed, ...(await wayBack({ use, context }, name, () => wan.clear('both', link)))]
}

/** Waits until everything goes by the preferred link: a busy machine may have let it leave before. @throws LAB_TIMEOUT */
async function onFirst(use: LinkUse): Promise<void> {
  const deadlineMs = performance.now() + backWaitMs
  while (
    use.rate(0, nowNs() - 5e8, nowNs()) < 0.9 * callsPps ||
    use.count(1, nowNs() - 5e8, nowNs()) > 0
  ) {
    if (performance.now() > deadlineMs) throw new CausewayError('LAB_TIMEOUT', 'calls stay by wan1')
    await pause(lookMs)
  }
}

async function wayBack(
  { use, context }: Pick<Scene, 'use' | 'context'>,
  name: string,
  mend: () => Promise<number>,
): Promise<Check[]> {
  const mendedNs = context.fault === 'stays-bad' ? nowNs() : await mend()
  await pause(backWaitMs)
  const lastNs = use.lastOn(1, mendedNs)
  const ms = lastNs === null ? 0 : (lastNs - mendedNs) / 1e6
  const isBack = use.rate(1, nowNs() - 3e9, nowNs()) === 0
  return [
    {
      check: `after ${name}: back on the preferred link`,
      target: `≤ ${backMs / 1000} s`,
      figure: isBack ? `${(ms / 1000).toFixed(1)} s` : 'not back',
      isOk: isBack && ms <= backMs,
    },
  ]
}

async function flapping({ lab, use, context }: Scene): Promise<Check[]> {
  const wan = lab.wan('berlin', 'wan0')
  const beganNs = await wan.set('both', {
    flap: { periodMs: flapPeriodMs, upMs: flapPeriodMs / 2 },
  })
  await pause(flaps * flapPeriodMs)
  const mend = async (): Promise<number> => wan.mend()
  const back = await wayBack({ use, context }, 'flaps', mend)
  const moves = use.moves(beganNs, callsPps / 2)
  await pause(afterMs)
  const metered = use.count(1, nowNs() - afterMs * 1e6, nowNs())
  return [
    {
      check: `${flaps} flaps at ${flapPeriodMs / 1000} s: moves`,
      target: '≤ 2, there and back',
      figure: String(moves),
      isOk: moves <= 2 && moves > 0,
    },
    ...back,
    {
      check: 'afterwards: payload of the metered link',
      target: `0 in ${afterMs / 1000} s`,
      figure: `${metered} packets`,
      isOk: metered === 0,
    },
  ]
}

async function tcpCheck(tcp: Steady): Promise<Check> {
  const check = 'TCP: one connection through all of it'
  const target = 'all bytes, equal, 0 resets'
  try {
    const { sent, received, isEqual, longestMs } = await tcp.finish()
    const figure = `${received} of ${sent}, ${isEqual ? 'equal' : 'NOT EQUAL'}, silent for at most ${longestMs.toFixed(0)} ms`
    return { check, target, figure, isOk: isEqual && received === sent && sent > 0 }
  } catch (error) {
    return { check, target, figure: (error as Error).message, isOk: false }
  }
}
