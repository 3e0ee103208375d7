/**
 * Proves what `npm start -- --nat` shows: each pair of branches is reached by the relay at first, and then directly where their
 * NATs can be opened; files cross as they were; and a direct way that a router shuts is left for the relay, and found again.
 */
import { setTimeout as passed } from 'node:timers/promises'
import { run } from './command.ts'
import { fetchFile, hostAddress } from './hosts.ts'
import type { Lab } from './lab.ts'
import { type PairLook, PairWatch } from './nat-pairs.ts'
import { turnCommand } from './nat-show.ts'
import { natPicture, pairName, wayText } from './nat-text.ts'
import { startPace } from './pace.ts'

/** Who lets UDP out to port 443 alone meets nobody. */
const relayedSite = 'guest'
/** Two sprays one after the other, twice each. */
const meetMs = 60_000
/** After 5, 10, 20 and each 40 s it is looked for again. */
const againMs = 60_000
const lookMs = 200
const fileBytes = 1_000_000
const ratePps = 500
const flowMs = 2_000
/** Of silence, when the way is shut. */
const mostMs = 1_000

interface Proof {
  readonly text: string
  readonly isOk: boolean
}

/** Prints as it goes. @returns whether all of it is so */
export async function proveNats(lab: Lab): Promise<boolean> {
  const watch = new PairWatch(lab)
  const isMet = await untilAll(watch, isAsExpected, meetMs)
  console.log(`\n${natPicture(await watch.look())}\n`)
  const proofs = [
    { text: 'each pair is reached as its routers let it', isOk: isMet },
    await proveFiles(lab, await watch.look()),
    ...(await proveWall(lab, watch)),
  ]
  for (const { text, isOk } of proofs) console.log(`${text}${isOk ? '' : ': FAILED'}`)
  return proofs.every(({ isOk }) => isOk)
}

function isAsExpected(pair: PairLook): boolean {
  const isRelayed = pair.ends.some(({ site }) => site === relayedSite)
  return pair.firstSeconds !== null && wayText(pair) === (isRelayed ? 'by relay hub' : 'direct')
}

async function untilAll(
  watch: PairWatch,
  isSo: (pair: PairLook) => boolean,
  withinMs: number,
): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    const { pairs } = await watch.look()
    if (pairs.every(isSo)) return true
    if (performance.now() > deadlineMs) return false
    await passed(lookMs)
  }
}

async function proveFiles(lab: Lab, { pairs }: { readonly pairs: readonly PairLook[] }) {
  const wrong: string[] = []
  for (const [seed, pair] of pairs.entries()) {
    const [to, from] = pair.ends.map(({ site }) => site) as [string, string]
    const { isEqual } = await fetchFile(lab, from, to, { seed, bytes: fileBytes })
    if (!isEqual) wrong.push(pairName(pair))
  }
  const names = wrong.length === 0 ? 'all equal' : `not equal: ${wrong.join(', ')}`
  return { text: `${pairs.length} files of 1 MB, one a pair: ${names}`, isOk: wrong.length === 0 }
}

/** By the very commands that people are told. */
async function proveWall(lab: Lab, watch: PairWatch): Promise<Proof[]> {
  const [site, peer] = ['home', 'lte'] as const
  const isOfThem = ({ ends }: PairLook): boolean =>
    ends.every((end) => [site, peer].includes(end.site as never))
  const is = (way: string) => (pair: PairLook) => !isOfThem(pair) || wayText(pair) === way
  await using flow = await startPace(lab, `${site}-host`, `${peer}-host`, hostAddress(lab, peer), {
    ratePps,
  })
  await flow.heard()
  await passed(flowMs)
  await turn(lab, site, 'block', peer)
  await passed(flowMs)
  const isRelayed = await untilAll(watch, is('by relay hub'), meetMs)
  const beganMs = performance.now()
  await turn(lab, site, 'open')
  const isBack = await untilAll(watch, is('direct'), againMs)
  const seconds = (performance.now() - beganMs) / 1000
  const { flows, missed } = await flow.finish()
  const { gaps, lost } = flows[0]!
  const { ms } = gaps[0]!
  return [
    {
      text: `${site}'s router shut to ${peer} under ${ratePps} datagrams a second: silent for ${ms.toFixed(0)} ms, ${lost} lost; then by the relay`,
      isOk: isRelayed && missed === 0 && ms < mostMs,
    },
    { text: `opened again: direct after ${seconds.toFixed(1)} s`, isOk: isBack },
  ]
}

async function turn(lab: Lab, ...words: readonly string[]): Promise<void> {
  await run(['sh', '-c', turnCommand(lab, ...words)])
}
