/**
 * What a box keeps has no room left: it forwards, lets people in, says so, takes a change whole or refuses it by a code, and loses nothing.
 * And it is damaged: the box starts with a sound data partition all the same, and says so.
 */
import { readFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import type { CausewayError } from '../../../firmware/model/errors.ts'
import type { Status } from '../../../firmware/model/local-api.ts'
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import type { Box } from '../../image/box.ts'
import { type Disk, overwrite, partitionOf } from '../../image/disks.ts'
import { firmwareLine } from '../../image/firmware-watch.ts'
import { Pings } from '../../image/pings.ts'
import { internetAddress, openVmScene, type VmScene } from '../../image/scene.ts'
import {
  apply,
  kept,
  openBlank,
  openPlanned,
  runningConfig,
  setUp,
  startMs,
} from '../../image/set-up.ts'
import { chanceOf } from '../../lab/chance.ts'
import { run } from '../../lab/command.ts'
import { ip } from '../../lab/network.ts'
import { until } from '../../lab/until.ts'
import type { Check, Line } from '../line.ts'
import { claim, seconds } from './parts.ts'

const seed = 4_711
const damagedBlocks = 400
const blockBytes = 4_096
const fillMs = 300_000

export const data: Line = {
  name: 'data',
  title: 'a full data partition, and a damaged one: the box forwards, says so, and is not lost',
  isFullOnly: true,
  faults: {
    'room-left': 'full: says so',
    undamaged: 'damaged: says so',
  },
  measure: async ({ fault }) => {
    const checks: Check[] = []
    if (fault !== 'undamaged') checks.push(...(await fullOf(fault)))
    if (fault !== 'room-left') checks.push(...(await damagedOf(fault)))
    return checks
  },
}

/** Its disk is not larger than the image: the data partition is filled sooner. */
async function openSmall(): Promise<VmScene> {
  return openVmScene({ vms: { berlin: 'x86_64' }, isAlone: true, isSmall: true })
}

async function fullOf(fault: string | undefined): Promise<Check[]> {
  await using scene = await openSmall()
  const { lab, vm } = scene
  const machine = vm('berlin')
  await machine.start()
  await using box = await setUp(lab, 'berlin')
  const wrote = fault === 'room-left' ? 'nothing' : await fill(scene, box)
  const text = await textOf(box)
  await machine.cutPower()
  await using pings = new Pings(lab, 'berlin-host', internetAddress)
  const onMs = await machine.start()
  const forwardsMs = await pings.answerAfter(onMs, startMs)
  const never = forwardsMs === null
  const why = await box
    .answers(startMs)
    .then(() => box.signIn())
    .then(
      () => null,
      ({ message }: Error) => message,
    )
  const checks = [
    claim('full: somebody with a shell has no more room', /No space left/.test(wrote), wrote),
    claim('full: forwards', !never, never ? 'never' : seconds(forwardsMs - onMs)),
    claim('full: people can sign in', why === null, why ?? 'as before'),
  ]
  // The rest is for who is in.
  if (why !== null) return checks
  const { problems } = await box.get<Status>('/api/v1/status')
  const problem = problems.find((one) => /disk is full/.test(one))
  const before = await textOf(box)
  const code = await tryChange(box)
  const during = await textOf(box)
  const isTaken = code === 'taken' && during !== before
  await machine.cutPower()
  await machine.start()
  await box.answers(startMs)
  await box.signIn()
  const after = await textOf(box)
  return [
    ...checks,
    claim('full: says so', problem !== undefined, problem ?? problems.join('; ')),
    claim('full: what was there runs', before === text, 'the same text'),
    claim('full: a change is taken whole, or gets a code', isTaken || /^[A-Z]+_/.test(code), code),
    claim('full: what was acknowledged runs after a start', after === during, 'the same text'),
  ]
}

/** As root over SSH, until no more is taken. @returns what the machine says of it */
async function fill({ lab, disks }: VmScene, box: Box): Promise<string> {
  const key = disks.file('key')
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
  const ssh = { keys: [(await readFile(`${key}.pub`, 'utf8')).trim()] }
  const config = await runningConfig(box)
  await apply(box, { ...config, revision: config.revision + 1, ssh })
  const options = [
    ...['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'],
    ...['ConnectTimeout=5', 'LogLevel=ERROR'],
  ]
  const login = ['ssh', '-i', key, ...options.flatMap((one) => ['-o', one]), `root@${box.address}`]
  const onBox = (command: string) =>
    lab.attempt('berlin-host', [...login, command], { timeoutMs: fillMs })
  await until('a login', async () => (await onBox('true')).code === 0, startMs)
  const { stderr } = await onBox('dd if=/dev/zero of=/data/cache/filler bs=64k; sync')
  return stderr.trim().split('\n').join('; ')
}

/** @returns the code, or `taken` */
async function tryChange(box: Box): Promise<string> {
  const before = await runningConfig(box)
  const config = { ...before, revision: before.revision + 1, site: 'without-room' }
  const request = { text: stringify(config), confirmSeconds: 0 }
  const said = await box.post('/api/v1/config/apply', request).then(
    () => 'taken',
    ({ code }: CausewayError) => code,
  )
  if (said === 'taken') await kept(box, config.revision)
  return said
}

async function textOf(box: Box): Promise<string> {
  return (await box.get<ConfigAnswer>('/api/v1/config')).text
}

/** Set up, then off; its disk as a file of its own. */
async function prepared({ lab, disks, vm }: VmScene): Promise<Disk> {
  const machine = vm('berlin')
  await machine.start()
  await using _ = await setUp(lab, 'berlin')
  await machine.shutDown(startMs)
  return disks.raw(machine.disk)
}

async function damagedOf(fault: string | undefined): Promise<Check[]> {
  await using scene = await openSmall()
  const { lab, vm } = scene
  const disk = await prepared(scene)
  if (fault !== 'undamaged') await damage(disk)
  const machine = vm('berlin')
  const { mark } = machine.serial
  await machine.start({ disk })
  await machine.serial.waitFor(firmwareLine, startMs, mark)
  await using box = await (fault === 'undamaged'
    ? openPlanned(lab, 'berlin')
    : openBlank(lab, 'berlin'))
  const { isFirst } = await box.answers(startMs)
  await (isFirst ? box.setPassword() : box.signIn())
  const { problems } = await box.get<Status>('/api/v1/status')
  const problem = problems.find((one) => /^the data partition /.test(one))
  // A blank one has another network.
  await ip(lab.netns('berlin-host'), [`route replace default via ${box.address}`])
  await using pings = new Pings(lab, 'berlin-host', internetAddress)
  const forwardsMs = await pings.answerAfter(performance.now(), startMs)
  return [
    claim('damaged: starts, and can be set up', true, isFirst ? 'blank' : 'as it was'),
    claim('damaged: says so', problem !== undefined, problem ?? problems.join('; ')),
    claim('damaged: forwards', forwardsMs !== null, isFirst ? 'by its factory' : 'as before'),
  ]
}

/** Its beginning, superblock and all, and blocks anywhere. */
async function damage(disk: Disk): Promise<void> {
  const { offset, bytes } = await partitionOf(disk, 'data')
  const random = chanceOf(seed)
  const noise = (): Buffer => Buffer.from(Array.from({ length: blockBytes }, () => random() * 256))
  await overwrite(disk, offset, Buffer.concat(Array.from({ length: 256 }, noise)))
  for (let count = 0; count < damagedBlocks; count++) {
    const block = Math.floor(random() * (bytes / blockBytes))
    await overwrite(disk, offset + block * blockBytes, noise())
  }
}
