/**
 * The power goes at random points of configuration writes, of an update's installation and of its first start. All that the machine writes
 * is logged once; each cut is then a disk as that moment would have left it (test/image/write-log.ts), from which a machine starts.
 */
import { stringify } from 'yaml'
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import type { Box } from '../../image/box.ts'
import { bundleOf } from '../../image/builds.ts'
import type { Disk } from '../../image/disks.ts'
import { overwrite, partitionOf } from '../../image/disks.ts'
import { openVmScene, type VmScene } from '../../image/scene.ts'
import { kept, openPlanned, runningConfig, setUp, startMs } from '../../image/set-up.ts'
import { diskAfterCut, type LogEntry, survivors, WriteLog } from '../../image/write-log.ts'
import { chanceOf } from '../../lab/chance.ts'
import type { Check, Line } from '../line.ts'
import { claim } from './parts.ts'
import { install, proven, restart } from './update-scene.ts'

const seed = 20_261_127
const writes = 10
/** In each of the three phases. */
const cutsOf = { writes: 10, install: 8, 'first start': 6 } as const
type Phase = keyof typeof cutsOf
const phases = Object.keys(cutsOf) as Phase[]

export const power: Line = {
  name: 'power',
  title:
    'the power goes at 24 points of writes, an install and its first start: starts, settings whole',
  isFullOnly: true,
  faults: {
    'lying-disk': 'settings: ',
    'both-slots': 'starts: ',
  },
  measure: async ({ fault }) => {
    await using scene = await openVmScene({ vms: { berlin: 'x86_64' }, isAlone: true })
    const recording = await record(scene, fault)
    const outcomes: Outcome[] = []
    for (const cut of chooseCuts(recording, fault)) {
      outcomes.push(await judge(scene, recording, cut, fault))
    }
    return summary(outcomes)
  },
}

/** A configuration, from when it was handed in until it was acknowledged, by entries of the log. */
interface Written {
  readonly text: string
  readonly begun: number
  readonly done: number
}

interface Recording {
  readonly before: Disk
  readonly log: WriteLog
  readonly entries: readonly LogEntry[]
  readonly written: readonly Written[]
  /** First and last entry of each. */
  readonly spans: Readonly<Partial<Record<Phase, readonly [number, number]>>>
}

interface Cut {
  readonly phase: Phase
  readonly at: number
  readonly random: () => number
}

interface Outcome {
  readonly cut: Cut
  /** Null: as it must be. */
  readonly start: string | null
  readonly settings: string | null
  readonly slot: string
}

/** Set up, then off; then on again with every write noted. */
async function record({ lab, disks, vm }: VmScene, fault: string | undefined): Promise<Recording> {
  const machine = vm('berlin')
  await machine.start()
  const first = await setUp(lab, 'berlin')
  await proven({ box: first })
  await first[Symbol.asyncDispose]()
  await machine.cutPower()
  const before = await disks.raw(machine.disk)
  const log = await WriteLog.make(disks.file('log'))
  await machine.start({ writeLog: log.path, disk: await disks.overlay(before) })
  await using box = await openPlanned(lab, 'berlin')
  await box.answers(startMs)
  await box.signIn()
  await proven({ box })
  const written: Written[] = [{ text: await textOf(box), begun: 0, done: 0 }]
  const from = await log.count()
  for (let number = 0; number < writes; number++) written.push(await write(box, log, number))
  const spans: Partial<Record<Phase, readonly [number, number]>> = {
    writes: [from, await log.count()],
  }
  if (fault === undefined) {
    const file = await bundleOf({ arch: 'x86_64', version: '0.1.1', signer: 'current' })
    const installFrom = await log.count()
    await install({ box }, file)
    const installed = await log.count()
    await restart({ box, vm: machine })
    await proven({ box })
    spans.install = [installFrom, installed]
    spans['first start'] = [installed, await log.count()]
  }
  await machine.cutPower()
  return { before, log, entries: await log.entries(), written, spans }
}

/** What is told apart stands at its beginning and at its end. */
async function write(box: Box, log: WriteLog, number: number): Promise<Written> {
  const before = await runningConfig(box)
  const revision = before.revision + 1
  const config = {
    ...{ ...before, revision, site: `berlin-${number}` },
    dns: { servers: [`192.0.2.${number + 1}`] },
  }
  const begun = await log.count()
  await box.post('/api/v1/config/apply', { text: stringify(config), confirmSeconds: 0 })
  await kept(box, revision)
  return { text: await textOf(box), begun, done: await log.count() }
}

async function textOf(box: Box): Promise<string> {
  return (await box.get<ConfigAnswer>('/api/v1/config')).text
}

function chooseCuts({ spans }: Recording, fault: string | undefined): Cut[] {
  const random = chanceOf(seed)
  return phases.flatMap((phase) => {
    const span = spans[phase]
    if (span === undefined) return []
    const [from, to] = span
    const count = fault === undefined ? cutsOf[phase] : fault === 'both-slots' ? 1 : 4
    return Array.from({ length: count }, () => ({
      ...{ phase, at: from + 1 + Math.floor(random() * (to - from)) },
      random: chanceOf(Math.floor(random() * 2 ** 32)),
    }))
  })
}

async function judge(
  { lab, disks, vm }: VmScene,
  recording: Recording,
  cut: Cut,
  fault: string | undefined,
): Promise<Outcome> {
  const { before, log, entries } = recording
  const left = survivors(entries, cut.at, cut.random, fault === 'lying-disk')
  const disk = await diskAfterCut(disks, before, log, left)
  if (fault === 'both-slots') await breakSlots(disk)
  const machine = vm('berlin')
  await machine.start({ disk })
  await using box = await openPlanned(lab, 'berlin')
  try {
    await box.answers(fault === undefined ? startMs : startMs / 3)
    await box.signIn()
    const { name, version } = await proven({ box })
    const text = await textOf(box)
    const allowed = allowedAt(recording, cut.at)
    const wrong = allowed.includes(text) ? null : `another text: ${text.slice(0, 120)}`
    return { cut, start: null, settings: wrong, slot: `${name} ${version}` }
  } catch (error) {
    const { message } = error as Error
    console.error(`  cut at ${cut.at} (${cut.phase}): ${message}\n${machine.serial.tail}`)
    return { cut, start: message, settings: message, slot: '-' }
  } finally {
    await machine.cutPower()
    disks.remove(disk)
  }
}

async function breakSlots(disk: Disk): Promise<void> {
  for (const label of ['slot-a', 'slot-b']) {
    const { offset } = await partitionOf(disk, label)
    await overwrite(disk, offset, Buffer.alloc(1024 * 1024))
  }
}

/** What was acknowledged last, and what was on its way. Pure. */
function allowedAt({ written }: Pick<Recording, 'written'>, at: number): string[] {
  const last = written.findLastIndex(({ done }) => done <= at)
  const onTheWay = written.slice(last + 1).filter(({ begun }) => begun < at)
  return [written[last]!, ...onTheWay].map(({ text }) => text)
}

function summary(outcomes: readonly Outcome[]): Check[] {
  const wrong = (pick: (outcome: Outcome) => string | null): string[] =>
    outcomes.flatMap((outcome) => {
      const why = pick(outcome)
      return why === null ? [] : [`${outcome.cut.phase} at ${outcome.cut.at}: ${why}`]
    })
  const none = (title: string, wrongs: readonly string[]): Check => {
    const good = `${outcomes.length - wrongs.length} of ${outcomes.length}`
    const figure = wrongs.length === 0 ? good : `${good}; ${wrongs[0]!.slice(0, 200)}`
    return claim(title, wrongs.length === 0, figure, 'always')
  }
  const slots = outcomes.map(({ slot }) => slot)
  const tally = [...new Set(slots)].map((slot) => {
    return `${slot}: ${slots.filter((one) => one === slot).length}`
  })
  const least = phases.reduce((total, phase) => total + cutsOf[phase], 0)
  const points = phases.map((phase) => {
    return `${phase} ${outcomes.filter(({ cut }) => cut.phase === phase).length}`
  })
  return [
    claim(
      'cuts, each with its own part of the unflushed writes lost',
      outcomes.length >= least,
      `${points.join(', ')} (seed ${seed})`,
      `≥ ${least}`,
    ),
    none(
      'starts: a slot runs, proves itself, and its API answers',
      wrong(({ start }) => start),
    ),
    none(
      'settings: what was acknowledged last, or what was on its way, and users',
      wrong(({ settings }) => settings),
    ),
    claim('slots that ran afterwards', true, tally.join(', '), 'either'),
  ]
}
