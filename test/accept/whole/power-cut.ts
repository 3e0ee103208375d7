/**
 * The power goes at 200 points of changing configurations: the gateway always starts, with the configuration that was
 * acknowledged last or the one whose confirm was under way, whole. Then a disk refuses at as many points, and the same
 * with kill -9 of a real process.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemDisk } from '../../../firmware/host/system/disk.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import type { Check, Context, Line } from '../line.ts'
import { CutDisk, diskFaults } from './power-cut/disk.ts'
import { failEverywhere, failing } from './power-cut/failing.ts'
import { judge, promises, revisionOf, root, seeded, type Wrongs } from './power-cut/judge.ts'
import { type Account, boot, newAccount, openLife, stepsOf, textOf } from './power-cut/life.ts'

const points = 200

interface Tally {
  cuts: number
  boots: number
  readonly wrongs: Wrongs
}

const kills = 'kill -9 of a real process'

export const powerCut: Line = {
  name: 'power-cut',
  title: `power cut at ${points} points of config apply: what was acknowledged runs, whole`,
  isQuickBeside: true,
  faults: {
    'skip-fsync': promises.mixture,
    'skip-folder-fsync': promises.lost,
    'ack-early': promises.lost,
    'kill-unsaved': kills,
    'unheard-refusal': failing.done,
    'dead-disk': failing.boots,
  },
  measure: async (context) => {
    const tally: Tally = { cuts: 0, boots: 0, wrongs: new Map() }
    await cutEverywhere(context, tally)
    const refusals = await failEverywhere(context, points)
    const wanted = context.isQuick ? 3 : 100
    const unsaved = await killForReal(wanted, context.fault === 'kill-unsaved')
    const count = (name: string): number => tally.wrongs.get(name)?.length ?? 0
    for (const [name, words] of tally.wrongs) console.error(`  ${name}: ${words[0]}`)
    const zero = (name: string): Check => ({
      check: name,
      target: '0',
      figure: String(count(name)),
      isOk: count(name) === 0,
    })
    return [
      {
        check: 'points at which the power was cut',
        target: `≥ ${points}`,
        figure: `${tally.cuts}, ${tally.boots} boots`,
        isOk: tally.cuts >= points,
      },
      {
        check: promises.starts,
        target: 'always',
        figure: `${tally.boots - count(promises.starts)} of ${tally.boots}`,
        isOk: count(promises.starts) === 0,
      },
      zero(promises.lost),
      zero(promises.mixture),
      zero(promises.history),
      {
        check: promises.after,
        target: 'always',
        figure: `${tally.boots - count(promises.after)} of ${tally.boots}`,
        isOk: count(promises.after) === 0,
      },
      ...refusals,
      {
        check: kills,
        target: `${wanted} kills, all as above`,
        figure: unsaved.length === 0 ? `${wanted} kills` : unsaved.slice(0, 3).join('; '),
        isOk: unsaved.length === 0,
      },
    ]
  },
}

/** What a cut left, and what was known outside at that moment. */
interface World {
  readonly where: string
  readonly disk: CutDisk
  readonly account: Account
  readonly isWhole: boolean
}

async function cutEverywhere({ isQuick, fault }: Context, tally: Tally): Promise<void> {
  const planted = diskFaults.find((name) => name === fault)
  const isEarly = fault === 'ack-early'
  const whole = new CutDisk({ random: seeded(1) })
  await live(whole, newAccount(), isEarly)
  const total = whole.operations
  const step = isQuick ? total / points : 1
  const random = seeded(2)
  const account = newAccount()
  const worlds: World[] = []
  const onOperation = (number: number): void => {
    if (number < tally.cuts * step) return
    tally.cuts++
    for (let world = 0; world < (isQuick ? 2 : 20); world++) {
      const known = { ...account, texts: new Set(account.texts) }
      const left = disk.afterCut({ random })
      const where = `cut at ${number} of ${total}`
      worlds.push({ where, disk: left, account: known, isWhole: world % 2 === 0 })
    }
  }
  const disk = new CutDisk({ random, fault: planted, onOperation })
  await live(disk, account, isEarly)
  tally.boots = worlds.length
  for (const world of worlds) await judge(world.disk, world.account, tally.wrongs, world)
}

async function live(disk: CutDisk, account: Account, isEarly: boolean): Promise<void> {
  for (const { work } of stepsOf(disk, root, account, { isEarly })) await work()
}

/** @returns what went wrong */
async function killForReal(count: number, isUnsaved: boolean): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-cut-'))
  const places = placesOf('cut', folder)
  const wrongs: string[] = []
  try {
    mkdirSync(dirname(places.config), { recursive: true })
    writeFileSync(places.config, textOf(1))
    let kept = 1
    for (let kill = 0; kill < count; kill++) {
      const said = await killWriter(folder, kept + 1, 20 + 230 * Math.random())
      const lines = said.trim().split('\n').filter(Boolean)
      const number = (word: string): number =>
        Number(lines.findLast((line) => line.startsWith(word))?.split(' ')[1] ?? kept)
      const [wasKept, wasTried] = [number('kept'), number('try')]
      if (isUnsaved) writeFileSync(places.config, readFileSync(places.config).subarray(0, 99))
      const { text, source } = await boot(openLife(systemDisk, folder))
      kept = revisionOf(text)
      if (source !== 'file') wrongs.push(`kill ${kill}: runs on ${source}`)
      else if (kept !== wasKept && kept !== wasTried) {
        wrongs.push(`kill ${kill}: runs ${kept}, ${wasKept} was kept`)
      }
      const left = readdirSync(places.configFolder).filter((name) => name.endsWith('.tmp'))
      if (left.length > 0) wrongs.push(`kill ${kill}: leaves ${left.join(', ')}`)
    }
    return wrongs
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Kills it so long after its first word. @returns what it said */
function killWriter(folder: string, revision: number, afterMs: number): Promise<string> {
  const script = join(import.meta.dirname, 'power-cut/writer.ts')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, folder, String(revision)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    const limit = setTimeout(() => child.kill('SIGKILL'), 30_000)
    child.stdout.on('data', (chunk: Buffer) => {
      if (said === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
      said += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', () => {
      clearTimeout(limit)
      resolve(said)
    })
  })
}
