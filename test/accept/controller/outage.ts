/**
 * The controller is killed, and nobody notices: a stream crosses whole while sessions rekey, a gateway that is killed meanwhile comes
 * up by itself; and once the controller is back, both boxes have their links again and do what is new.
 */
import { rmSync } from 'node:fs'
import { startCapture } from '../../lab/capture.ts'
import { describeSites } from '../../lab/description.ts'
import { Desk } from '../../lab/desk.ts'
import { plantDrop } from '../../lab/faults.ts'
import { fleetOf } from '../../lab/fleet-files.ts'
import { awaitReachable, type StreamAccount, sendStream } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { countRekeys, interesting } from '../first-light/rekeys.ts'
import type { Check, Line } from '../line.ts'

const ratePps = 1_000
const payloadBytes = 200
const sites = ['berlin', 'lisbon'] as const
/** Jittered pauses, 25 s each at most, and the change. */
const backMs = 90_000

export const outage: Line = {
  name: 'outage',
  title:
    'the controller is killed: no user packet is lost, sessions rekey, a killed gateway comes up',
  isQuickBeside: true,
  faults: {
    'drop-packet': 'lost of',
    'no-saved-config': 'gateway killed meanwhile',
    'no-rekey': 'rekeys without',
  },
  measure: async ({ isQuick, fault }) => {
    const seconds = isQuick || fault !== undefined ? 15 : 120
    const rekeySeconds = isQuick || fault !== undefined ? 2 : 10
    const controller = { toldBy: 'file', hasRoot: true } as const
    const timing = fault === 'no-rekey' ? {} : { rekeySeconds }
    await using lab = await openLab(describeSites(2, { controller, ...timing }))
    const desk = await Desk.open(lab)
    await desk.apply()
    await lab.start()
    for (const site of sites) await desk.claim(site)
    await desk.settled()
    await awaitReachable(lab, ...sites)
    await desk.controller.stop('SIGKILL')
    const { account, rekeys, gateway } = await streamThrough(lab, seconds, fault)
    const lost = account.sent - account.delivered
    const wanted = Math.floor(seconds / rekeySeconds / 2)
    return [
      {
        check: `lost of ${account.sent} packets in ${seconds} s without a controller`,
        target: '0',
        figure: String(lost),
        isOk: lost === 0 && account.sent >= 0.9 * ratePps * seconds,
      },
      {
        check: 'rekeys without a controller',
        target: `≥ ${wanted}`,
        figure: String(rekeys),
        isOk: rekeys >= wanted,
      },
      gateway,
      ...(fault === 'no-saved-config' ? [] : [await back(lab, desk)]),
    ]
  },
}

interface Streamed {
  readonly account: StreamAccount
  readonly rekeys: number
  readonly gateway: Check
}

async function streamThrough(
  lab: Lab,
  seconds: number,
  fault: string | undefined,
): Promise<Streamed> {
  const [from, to] = sites
  if (fault === 'drop-packet') {
    await plantDrop(lab, 'internet', 'forward', 'udp dport 51820 numgen inc mod 5000 == 1000')
  }
  await using capture = await startCapture(lab, 'internet', from, interesting)
  const quarter = Promise.withResolvers<void>()
  const stream = { ratePps, count: ratePps * seconds, bytes: payloadBytes }
  const sending = sendStream(lab, from, to, { ...stream, onQuarter: () => quarter.resolve() })
  await quarter.promise
  const gateway = await killGateway(lab, to, fault)
  const account = await sending
  return { account, rekeys: countRekeys((await capture.finish()).frames), gateway }
}

async function killGateway(lab: Lab, site: string, fault: string | undefined): Promise<Check> {
  await lab.processes.get(site)!.gateway.stop('SIGKILL')
  const instance = lab.names.instance(site)
  if (fault === 'no-saved-config') {
    rmSync(`/etc/causeway/${instance}/device.yaml`)
    rmSync(`/etc/causeway/${instance}/factory.yaml`)
    rmSync(`/var/lib/causeway/${instance}/config`, { recursive: true })
  }
  const startedMs = performance.now()
  const isReady = await lab.restart(site, 'gateway').then(
    () => true,
    () => false,
  )
  return {
    check: 'gateway killed meanwhile comes up by itself',
    target: 'yes',
    figure: isReady ? `after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s` : 'no',
    isOk: isReady,
  }
}

/** A change that is handed in once it is back runs at both. */
async function back(lab: Lab, desk: Desk): Promise<Check> {
  await desk.restart()
  const startedMs = performance.now()
  const documents = fleetOf(lab.description).map((one) =>
    one.kind === 'segment' ? { ...one, breakout: true } : one,
  )
  await desk.apply(documents)
  const revisions = await Promise.all(
    sites.map(async (site) => (await desk.enrolment(site)).revision),
  )
  const waits = sites.map((site, at) => {
    const kept = `"revision":${revisions[at]! + 1},"msg":"signed configuration kept"`
    return lab.processes.get(site)!.gateway.line((line) => line.includes(kept), backMs)
  })
  const isDone = await Promise.all(waits).then(
    () => true,
    () => false,
  )
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1)
  return {
    check: 'controller back: a change runs at both boxes',
    target: `≤ ${backMs / 1_000} s`,
    figure: isDone ? `${seconds} s` : 'never',
    isOk: isDone,
  }
}
