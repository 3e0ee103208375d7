/**
 * The power goes at 200 points of changing configurations: the gateway always starts, with the configuration that was
 * acknowledged last or the one whose confirm was under way, whole. Then the same with kill -9 of a real process.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemDisk } from '../../../firmware/host/system/disk.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import type { Check, Context, Line } from '../line.ts'
import { CutDisk, diskFaults } from './power-cut/disk.ts'
import { type Account, boot, keep, openLife, textOf } from './power-cut/life.ts'

const points = 200
/** Enough for more than so many operations of the disk. */
const cycles = 8
const root = '/box'
const { config } = placesOf('cut', root)

interface Tally {
  cuts: number
  boots: number
  /** What went wrong, in words; counted under the name of a check. */
  readonly wrongs: Map<string, string[]>
}

const promises = {
  starts: 'starts with a configuration',
  lost: 'acknowledged ones lost',
  mixture: 'mixtures, or unacknowledged ones that run',
  history: 'broken or foreign texts in the history',
  after: 'goes on afterwards',
  kills: 'kill -9 of a real process',
} as const

export const powerCut: Line = {
  name: 'power-cut',
  title: `power cut at ${points} points of config apply: what was acknowledged runs, whole`,
  faults: {
    'skip-fsync': promises.mixture,
    'skip-folder-fsync': promises.lost,
    'ack-early': promises.lost,
    'kill-unsaved': promises.kills,
  },
  measure: async (context) => {
    const tally: Tally = { cuts: 0, boots: 0, wrongs: new Map() }
    await cutEverywhere(context, tally)
    const kills = context.isQuick ? 3 : 100
    const unsaved = await killForReal(kills, context.fault === 'kill-unsaved')
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
      {
        check: promises.kills,
        target: `${kills} kills, all as above`,
        figure: unsaved.length === 0 ? `${kills} kills` : unsaved.slice(0, 3).join('; '),
        isOk: unsaved.length === 0,
      },
    ]
  },
}

async function cutEverywhere({ isQuick, fault }: Context, tally: Tally): Promise<void> {
  const planted = diskFaults.find((name) => name === fault)
  const isEarly = fault === 'ack-early'
  const whole = new CutDisk({ random: seeded(1) })
  await live(whole, newAccount(), isEarly)
  const total = whole.operations
  const step = isQuick ? total / points : 1
  for (let point = 0; point < total; point += step) {
    const cutAt = Math.floor(point)
    const random = seeded(cutAt + 1)
    const disk = new CutDisk({ random, cutAt, fault: planted })
    const account = newAccount()
    await Promise.race([live(disk, account, isEarly), disk.cut])
    tally.cuts++
    for (let world = 0; world < (isQuick ? 2 : 20); world++) {
      tally.boots++
      const where = `cut at ${cutAt} of ${total}`
      await judge(disk.afterCut({ random }), account, tally, { where, isWhole: world % 2 === 0 })
    }
  }
}

function newAccount(): Account {
  return { acknowledged: textOf(1), underWay: null, texts: new Set([textOf(1)]) }
}

/** Everything that can be done with configurations, over and over. */
async function live(disk: CutDisk, account: Account, isEarly: boolean): Promise<void> {
  disk.put(config, textOf(1))
  let life = openLife(disk, root)
  await boot(life)
  const hearing = { isDead: () => disk.isCut, isEarly }
  let revision = 1
  for (let cycle = 0; cycle < cycles; cycle++) {
    await keep(life, account, ++revision, cycle % 3 === 0 ? 0 : 60, hearing)
    account.texts.add(textOf(revision + 1, 'tried'))
    await life.changes.apply(textOf(revision + 1, 'tried'), 30)
    if (cycle % 3 === 0) await life.changes.rollback()
    else if (cycle % 3 === 1) await life.advance(31_000)
    else {
      // The gateway is started again before anybody confirms.
      life.changes[Symbol.dispose]()
      life = openLife(disk, root)
      await boot(life)
    }
    await life.advance(0)
    if (cycle % 4 === 3) {
      const edited = textOf(++revision, 'by hand')
      account.texts.add(edited)
      disk.put(config, edited)
      account.acknowledged = edited
      life.source.reload()
      await life.source.choose()
    }
  }
}

/** @param isWhole whether to look at what would be left without device.yaml, and to go on, as well */
async function judge(
  disk: CutDisk,
  account: Account,
  tally: Tally,
  { where, isWhole }: { readonly where: string; readonly isWhole: boolean },
): Promise<void> {
  const wrong = (name: string, words: string): void => {
    tally.wrongs.set(name, [...(tally.wrongs.get(name) ?? []), `${where}: ${words}`])
  }
  const isAllowed = (text: string): boolean =>
    text === account.acknowledged || text === account.underWay
  const { acknowledged } = account
  const look = (text: string, when: string): void => {
    if (isAllowed(text)) return
    const isOlder = account.texts.has(text) && revisionOf(text) < revisionOf(acknowledged)
    wrong(isOlder ? promises.lost : promises.mixture, `${when} ${firstLines(text)}`)
  }
  const life = openLife(disk, root)
  const running = await boot(life)
  if (running.config === null) return wrong(promises.starts, JSON.stringify(running.refusals[0]))
  if (running.source !== 'file') wrong(promises.mixture, 'device.yaml cannot be used')
  look(running.text, 'runs')
  for (const { text } of life.source.entries) {
    if (!account.texts.has(text)) wrong(promises.history, firstLines(text))
  }
  if (!isWhole) return
  // Should device.yaml be lost on top of it all, the history has the same.
  const poorer = disk.copy({ random: seeded(1) })
  await poorer.remove(config)
  const lastGood = await boot(openLife(poorer, root))
  if (lastGood.config === null) wrong(promises.starts, 'without device.yaml')
  else look(lastGood.text, 'last good is')
  const next = { ...account, texts: new Set<string>() }
  await keep(life, next, 900, 60, { isDead: () => false }).catch((error: Error) =>
    wrong(promises.after, error.message),
  )
  const after = await boot(openLife(disk.afterCut({ random: seeded(2) }), root))
  if (after.text !== textOf(900)) wrong(promises.after, `runs ${firstLines(after.text)}`)
}

/** @returns what went wrong */
async function killForReal(kills: number, isUnsaved: boolean): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-cut-'))
  const places = placesOf('cut', folder)
  const wrongs: string[] = []
  try {
    mkdirSync(dirname(places.config), { recursive: true })
    writeFileSync(places.config, textOf(1))
    let kept = 1
    for (let kill = 0; kill < kills; kill++) {
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

function revisionOf(text: string): number {
  return Number(/^revision: (\d+)/m.exec(text)?.[1] ?? 0)
}

function firstLines(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
