/** How classes, and flows within a class, share a link of 10 Mbit/s that all of them would fill. */
import { setTimeout as passed } from 'node:timers/promises'
import { jainOf } from '../../bench/qos.ts'
import { plantDrop } from '../../lab/faults.ts'
import type { Lab } from '../../lab/lab.ts'
import { type PacedFlows, startPace } from '../../lab/pace.ts'
import type { Check, Line } from '../line.ts'
import { hostOf, narrow, openNarrow, wide } from './scene.ts'

/** Each sends two thirds of what the link carries. */
const classes = [
  { name: 'business', dscp: 18, weight: 50 },
  { name: 'normal', dscp: 0, weight: 30 },
  { name: 'bulk', dscp: 8, weight: 20 },
] as const
const stream = { ratePps: 700, bytes: 1_200 }
const warmUpMs = 2_000
const seconds = { full: 15, quick: 4 }
const within = 0.05
const leastJain = 0.95
const connections = 8
const startTimeoutMs = 10_000

export const shares: Line = {
  name: 'shares',
  title: 'classes share a full link by their weights, and flows of a class alike',
  faults: { 'rate-unknown': 'business', unfair: 'Jain' },
  measure: async ({ isQuick, fault }) => {
    const forSeconds = isQuick || fault !== undefined ? seconds.quick : seconds.full
    await using lab = await openNarrow({ isRateUnknown: fault === 'rate-unknown' })
    const all = await byClass(lab, classes, forSeconds)
    const two = await byClass(lab, classes.slice(1), forSeconds)
    return [
      ...all.map(([{ name, weight }, share]) => checkOf(name, weight / 100, share)),
      ...two.map(([{ name, weight }, share]) =>
        checkOf(`${name}, business is silent`, weight / 50, share),
      ),
      await jain(lab, forSeconds, fault === 'unfair'),
    ]
  },
}

type Class = (typeof classes)[number]

/** The part of each of all that arrived. */
async function byClass(
  lab: Lab,
  sending: readonly Class[],
  forSeconds: number,
): Promise<[Class, number][]> {
  const [from] = hostOf(lab, narrow)
  const [to, address] = hostOf(lab, wide)
  await using stack = new AsyncDisposableStack()
  const paces: PacedFlows[] = []
  for (const [at, { dscp }] of sending.entries()) {
    const pace = { ...stream, dscp, port: 9_400 + at }
    paces.push(stack.use(await startPace(lab, from, to, address, pace)))
  }
  await passed(warmUpMs)
  const before = await Promise.all(paces.map((pace) => pace.received()))
  await passed(forSeconds * 1_000)
  const after = await Promise.all(paces.map((pace) => pace.received()))
  const arrived = after.map((count, at) => count - before[at]!)
  const sum = arrived.reduce((one, other) => one + other, 0)
  return sending.map((one, at) => [one, arrived[at]! / sum])
}

function checkOf(name: string, wanted: number, share: number): Check {
  return {
    check: name,
    target: `${(wanted * 100).toFixed(0)} % ± ${within * 100} %`,
    figure: `${(share * 100).toFixed(1)} %`,
    isOk: Math.abs(share / wanted - 1) <= within,
  }
}

/** @param isUnfair half of them lose */
async function jain(lab: Lab, forSeconds: number, isUnfair: boolean): Promise<Check> {
  const [from] = hostOf(lab, narrow)
  const [to, address] = hostOf(lab, wide)
  await using server = lab.spawn(to, ['iperf3', '--server', '--forceflush'])
  await server.line((line) => line.includes('Server listening'), startTimeoutMs)
  if (isUnfair) {
    await plantDrop(lab, from, 'output', 'tcp dport 5201 tcp sport & 4 == 4 numgen inc mod 3 == 1')
  }
  const marks = ['--parallel', String(connections), '--time', String(forSeconds), '--omit', '2']
  const argv = ['iperf3', '--client', address, ...marks, '--json']
  const text = await lab.exec(from, argv, { timeoutMs: (forSeconds + 30) * 1_000 })
  const { end } = JSON.parse(text) as {
    readonly end: { readonly streams: readonly { readonly receiver: { bytes: number } }[] }
  }
  const bytes = end.streams.map(({ receiver }) => receiver.bytes)
  const index = jainOf(bytes)
  return {
    check: `Jain's index of ${connections} connections`,
    target: `≥ ${leastJain}`,
    figure: index.toFixed(3),
    isOk: index >= leastJain && bytes.length === connections,
  }
}
