/**
 * The power goes at random points of configuration writes, of an update's installation and of its first start. All that the machine writes
 * is logged once (power-record.ts); each cut is then a disk as that moment may have left it (test/image/write-log.ts), from which a machine
 * starts: two at a time, each at a site of the lab.
 */
import { Box } from '../../image/box.ts'
import { type Disk, overwrite, partitionOf } from '../../image/disks.ts'
import { openVmScene, type Site, sites, type VmScene } from '../../image/scene.ts'
import { startMs } from '../../image/set-up.ts'
import { diskAfterCut, survivors } from '../../image/write-log.ts'
import { chanceOf } from '../../lab/chance.ts'
import { bare } from '../../lab/description.ts'
import { ip } from '../../lab/network.ts'
import type { Check, Line } from '../line.ts'
import { claim } from './parts.ts'
import { type Phase, phases, type Recording, record, textOf } from './power-record.ts'
import { proven } from './update-scene.ts'

const seed = 20_261_127
const cutsOf: Readonly<Record<Phase, number>> = {
  writes: 10,
  install: 4,
  'end of the install': 4,
  'begin of the first start': 3,
  'first start': 3,
}
const plantedCuts = 4

export const power: Line = {
  name: 'power',
  title:
    'the power goes at 24 points of writes, an install, its first start: starts, settings whole',
  isFullOnly: true,
  faults: {
    'lying-disk': 'settings: ',
    'both-slots': 'starts: ',
  },
  measure: async ({ fault }) => {
    const vms = { berlin: 'x86_64', lisbon: 'x86_64' } as const
    await using scene = await openVmScene({ vms, isAlone: true })
    const recording = await record(scene, fault !== undefined)
    await moveIn(scene)
    const cuts = chooseCuts(recording, fault)
    const total = cuts.length
    const outcomes: Outcome[] = []
    const work = async (site: Site): Promise<void> => {
      for (let cut = cuts.shift(); cut !== undefined; cut = cuts.shift()) {
        const outcome = await judge(scene, site, recording, cut, fault)
        outcomes.push(outcome)
        // All of them take an hour.
        const found = outcome.start ?? outcome.settings ?? outcome.slot
        console.error(`  cut ${outcomes.length} of ${total}, ${cut.phase}: ${found}`)
      }
    }
    await Promise.all(sites.map(work))
    return summary(outcomes, recording)
  },
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

/** A host of the other site is in the network that Berlin's box has, too: there the same box starts a second time. */
async function moveIn({ lab }: VmScene): Promise<void> {
  const [{ lan }, other] = lab.sites as [(typeof lab.sites)[0], (typeof lab.sites)[0]]
  await ip(lab.netns(`${other.name}-host`), [`address add ${lan.host} dev eth0`])
}

function chooseCuts({ spans }: Recording, fault: string | undefined): Cut[] {
  const random = chanceOf(seed)
  return phases.flatMap((phase) => {
    const span = spans[phase]
    if (span === undefined) return []
    const [from, to] = span
    const count = fault === undefined ? cutsOf[phase] : fault === 'both-slots' ? 1 : plantedCuts
    return Array.from({ length: count }, () => ({
      ...{ phase, at: from + 1 + Math.floor(random() * (to - from)) },
      random: chanceOf(Math.floor(random() * 2 ** 32)),
    }))
  })
}

async function judge(
  { lab, disks, vm }: VmScene,
  site: Site,
  recording: Recording,
  cut: Cut,
  fault: string | undefined,
): Promise<Outcome> {
  const { before, log, entries } = recording
  // A disk that lies had the later half in its cache still, flushed or not: a box starts from what is left, and it is old.
  const left = survivors(entries, fault === 'lying-disk' ? cut.at >> 1 : cut.at, cut.random)
  const disk = await diskAfterCut(disks, before, log, left)
  if (fault === 'both-slots') await breakSlots(disk)
  const machine = vm(site)
  await machine.start({ disk })
  const address = bare(lab.sites[0]!.lan.address)
  await using box = await Box.open({ lab, host: `${site}-host`, address })
  try {
    // Nobody waits for what cannot come.
    await box.answers(fault === 'both-slots' ? startMs / 3 : startMs)
    await box.signIn()
    const { name, version } = await proven({ box })
    const text = await textOf(box)
    const isAllowed = allowedAt(recording, cut.at).includes(text)
    const wrong = isAllowed ? null : `another text: ${text.slice(0, 120)}`
    return { cut, start: null, settings: wrong, slot: `${name} ${version}` }
  } catch (error) {
    const { message } = error as Error
    console.error(`  cut at ${cut.at} (${cut.phase}): ${message}\n${machine.serial.tail}`)
    // What a disk that lies loses is seen in settings that were read.
    return {
      cut,
      start: message,
      settings: fault === 'lying-disk' ? null : message,
      slot: 'not known',
    }
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

function summary(outcomes: readonly Outcome[], { entries }: Recording): Check[] {
  const wrong = (pick: (outcome: Outcome) => string | null): string[] =>
    outcomes.flatMap((outcome) => {
      const why = pick(outcome)
      return why === null ? [] : [`${outcome.cut.phase} at ${outcome.cut.at}: ${why}`]
    })
  const always = (title: string, wrongs: readonly string[]): Check => {
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
  const flushes = entries.filter(({ isFlush }) => isFlush).length
  return [
    claim(
      'cuts, each with its own part of the unflushed writes lost',
      outcomes.length >= least,
      `${points.join(', ')}; of ${entries.length} writes, ${flushes} flushes (seed ${seed})`,
      `≥ ${least}`,
    ),
    always(
      'starts: a slot runs, proves itself, and its API answers',
      wrong(({ start }) => start),
    ),
    always(
      'settings: what was acknowledged last, or what was on its way, and users',
      wrong(({ settings }) => settings),
    ),
    claim('slots that ran afterwards', true, tally.join(', '), 'either'),
  ]
}
