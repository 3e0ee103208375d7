/**
 * A disk that refuses, EIO once or ENOSPC until somebody makes room, at each point of changing configurations: whoever
 * asked is told by a code or has what was asked for; and the power may go then.
 */
import { CausewayError } from '../../../../firmware/model/errors.ts'
import type { Check, Context } from '../../line.ts'
import { CutDisk, diskErrors, type Failing } from './disk.ts'
import { config, firstLines, judge, note, root, seeded, type Wrongs } from './judge.ts'
import { type Account, allCycles, newAccount, type Step, stepsOf } from './life.ts'

export const failing = {
  done: 'a disk that refuses: refused with a code, or done',
  boots: 'a disk that refuses: boots with what was acknowledged',
} as const

/** After these a waiting change is taken back. */
const pastConfirmMs = 61_000

interface Tally {
  points: number
  refused: number
  boots: number
  /** Of what programs say and show while they run. */
  readonly done: Wrongs
  /** Of what is there after a power cut. */
  readonly boot: Wrongs
}

/** Errors of both kinds; at about `points` points together, or in the full form at all there are. */
export async function failEverywhere(context: Context, points: number): Promise<Check[]> {
  const tally: Tally = { points: 0, refused: 0, boots: 0, done: new Map(), boot: new Map() }
  const whole = new CutDisk({ random: seeded(1) })
  const cycles = context.isQuick ? allCycles / 2 : allCycles
  for (const { work } of stepsOf(whole, root, newAccount(), { cycles })) await work()
  const total = whole.operations
  const step = context.isQuick ? (diskErrors.length * total) / points : 1
  for (const code of diskErrors) {
    for (let point = 0; point < total; point += step) {
      const isLasting = context.fault === 'dead-disk'
      await failAt({ at: Math.floor(point), code, isLasting }, context, tally)
    }
  }
  return [
    {
      check: failing.done,
      target: `≥ ${points} points, 0 otherwise`,
      figure: `${tally.points}, ${tally.refused} refused${worst(tally.done)}`,
      isOk: tally.points >= points && tally.refused > 0 && tally.done.size === 0,
    },
    {
      check: failing.boots,
      target: 'always',
      figure: `${tally.boots} boots${worst(tally.boot)}`,
      isOk: tally.boots >= points && tally.boot.size === 0,
    },
  ]
}

function worst(wrongs: Wrongs): string {
  const all = [...wrongs.values()].flat()
  return all.length === 0 ? '' : `; ${all.length} wrong: ${all[0]}`
}

async function failAt(plan: Failing, { isQuick, fault }: Context, tally: Tally): Promise<void> {
  const random = seeded(2 * plan.at + diskErrors.indexOf(plan.code) + 1)
  const disk = new CutDisk({ random, failing: plan })
  const account = newAccount()
  const where = `${plan.code} at ${plan.at}`
  for (const step of stepsOf(disk, root, account)) {
    const refusal = await step.work().then(
      () => null,
      (error: unknown) => error,
    )
    if (!disk.hasFailed) {
      if (refusal !== null) throw refusal
      continue
    }
    tally.points++
    if (refusal !== null) tally.refused++
    if (fault === 'unheard-refusal' && step.kept !== null) account.acknowledged = step.kept
    const cut = async (count: number, isWhole: boolean): Promise<void> => {
      for (let world = 0; world < count; world++) {
        tally.boots++
        const look = { where, isWhole: isWhole && world === 0 }
        await judge(disk.afterCut({ random }), account, tally.boot, look)
      }
    }
    const worlds = isQuick ? 2 : 10
    // What is left to undo after an answer needs no more than that everybody has a turn.
    await step.life.advance(0)
    const wrong = (words: string): void => note(tally.done, failing.done, `${where}: ${words}`)
    if (refusal !== null && !isCoded(refusal)) wrong(String(refusal))
    if (step.kept !== null && step.life.changes.pending !== null) {
      await cut(worlds, false)
      await endWaiting(step, account, disk, plan.at % 2 === 0)
    }
    account.underWay = null
    // What was refused in the end never ran.
    if (step.kept !== null && account.acknowledged !== step.kept) account.texts.delete(step.kept)
    for (const words of await amiss(step, account, disk)) wrong(words)
    await cut(worlds, step.kept !== null)
    return
  }
}

function isCoded(refusal: unknown): boolean {
  return refusal instanceof CausewayError && refusal.code === 'STORE_WRITE_FAILED'
}

/** A confirm was refused and may be repeated, once there is room; or nobody does. */
async function endWaiting(
  { life, kept }: Step,
  account: Account,
  disk: CutDisk,
  isRepeated: boolean,
): Promise<void> {
  if (!isRepeated) return life.advance(pastConfirmMs)
  disk.makeRoom()
  await life.changes.confirm()
  account.acknowledged = kept!
}

/** What runs, what device.yaml says and what the history tells, against what was acknowledged. */
async function amiss({ life, kept }: Step, account: Account, disk: CutDisk): Promise<string[]> {
  const { acknowledged } = account
  const bytes = (await disk.read(config, acknowledged.length)) ?? new Uint8Array()
  const running = life.running()
  const found: string[] = []
  const isPending = life.changes.pending !== null
  if (isPending && kept !== null) found.push('a change is still pending')
  if (!isPending && running !== null && running.text !== acknowledged) {
    found.push(`${firstLines(running.text)} runs`)
  }
  if (life.source.confirmed?.text !== acknowledged) found.push('something else is confirmed')
  if (Buffer.from(bytes).toString() !== acknowledged) found.push('device.yaml says otherwise')
  if (kept !== null && life.source.entries[0]?.text !== acknowledged) {
    found.push(`the history ends with ${firstLines(life.source.entries[0]?.text ?? '')}`)
  }
  return found
}
