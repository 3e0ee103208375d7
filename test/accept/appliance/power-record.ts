/** A box that is used while all that it writes to its disk is logged: configurations handed in, an update installed and started for the first time. */
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import type { Box } from '../../image/box.ts'
import { bundleOf } from '../../image/builds.ts'
import type { Disk } from '../../image/disks.ts'
import type { VmScene } from '../../image/scene.ts'
import { apply, kept, openPlanned, runningConfig, setUp, startMs } from '../../image/set-up.ts'
import { type LogEntry, WriteLog } from '../../image/write-log.ts'
import { install, proven, restart } from './update-scene.ts'

const writes = 10
/** Entries around a change of the boot loader's variables, of which there are few. */
const edge = 40

export const phases = [
  'writes',
  'install',
  'end of the install',
  'begin of the first start',
  'first start',
] as const
export type Phase = (typeof phases)[number]

/** A configuration, from when it was handed in until it was acknowledged, by entries of the log. */
export interface Written {
  readonly text: string
  readonly begun: number
  readonly done: number
}

export interface Recording {
  /** The disk as it was when the log began. */
  readonly before: Disk
  readonly log: WriteLog
  readonly entries: readonly LogEntry[]
  readonly written: readonly Written[]
  /** First and last entry of each. */
  readonly spans: Readonly<Partial<Record<Phase, readonly [number, number]>>>
}

/** Set up, then off; then on again with every write noted. @param isShort configurations alone */
export async function record({ lab, disks, vm }: VmScene, isShort: boolean): Promise<Recording> {
  const file = isShort
    ? null
    : await bundleOf({ arch: 'x86_64', version: '0.1.1', signer: 'current' })
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
  const installFrom = await log.count()
  let spans: Recording['spans'] = { writes: [from, installFrom] }
  if (file !== null) {
    await install({ box }, file)
    const installed = await log.count()
    await restart({ box, vm: machine })
    await proven({ box })
    const started = await log.count()
    spans = {
      ...spans,
      install: [installFrom, installed],
      'end of the install': [Math.max(installFrom, installed - edge), installed],
      'begin of the first start': [installed, Math.min(started, installed + edge)],
      'first start': [installed, started],
    }
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
  await apply(box, config)
  const done = await log.count()
  await kept(box, revision)
  return { text: await textOf(box), begun, done }
}

export async function textOf(box: Box): Promise<string> {
  return (await box.get<ConfigAnswer>('/api/v1/config')).text
}
