/** A box breaks: its backup is restored on another one, which has other NICs, and becomes it: same keys, users, configuration; it forwards. */
import { readFile, rm } from 'node:fs/promises'
import type { CausewayError } from '../../../firmware/model/errors.ts'
import type { Status } from '../../../firmware/model/local-api.ts'
import type { LocalUsersAnswer } from '../../../firmware/model/local-api-access.ts'
import type { RestoreAnswer } from '../../../firmware/model/local-api-backup.ts'
import type { Box } from '../../image/box.ts'
import { builtImage } from '../../image/builds.ts'
import { diskGiB } from '../../image/disks.ts'
import { Pings } from '../../image/pings.ts'
import { internetAddress, openVmScene, type VmScene } from '../../image/scene.ts'
import { openBlank, openPlanned, runningConfig, setUp, startMs } from '../../image/set-up.ts'
import type { Lab } from '../../lab/lab.ts'
import type { Check, Line } from '../line.ts'
import { claim, seconds } from './parts.ts'

const passphrase = 'correct horse battery staple'
const otherNumber = 77

export const backup: Line = {
  name: 'backup',
  title: 'the backup of a box makes another machine, with other MACs, that box',
  isFullOnly: true,
  faults: { 'wrong-passphrase': 'restored: ' },
  measure: async ({ fault }) => {
    await using scene = await openVmScene({ vms: { berlin: 'x86_64' }, isAlone: true })
    const { file, settings, mac } = await takeBackup(scene)
    const restored = await restore(scene, file, fault)
    await rm(file)
    if (!restored.isOk) return [restored]
    return [restored, ...(await asBefore(scene, settings, mac))]
  },
}

async function takeBackup({ lab, disks, vm }: VmScene) {
  const machine = vm('berlin')
  await machine.start()
  await using box = await setUp(lab, 'berlin')
  const file = disks.file('backup')
  await box.fetch('/api/v1/backup', { passphrase, withIdentity: true }, file)
  const [settings, mac] = [await becomes(box), await macOf(lab, box)]
  await machine.cutPower()
  return { file, settings, mac }
}

/** Onto a blank one, which then begins anew. */
async function restore({ lab, disks, vm }: VmScene, file: string, fault: string | undefined) {
  const disk = await disks.overlay(await builtImage('x86_64'), diskGiB)
  await vm('berlin').start({ disk, number: otherNumber })
  await using box = await openBlank(lab, 'berlin')
  await box.setPassword()
  const words = fault === undefined ? passphrase : `${passphrase}r`
  const request = { passphrase: words, file: (await readFile(file)).toString('base64') }
  const how = { withUsers: true, withIdentity: true, confirmSeconds: 60 }
  const said = await box.post<RestoreAnswer>('/api/v1/backup/restore', { ...request, ...how }).then(
    ({ contents }) => ({ isOk: true, text: `that of ${contents.site}` }),
    (error: CausewayError) => ({ isOk: false, text: error.code }),
  )
  return claim('restored: the other machine takes it', said.isOk, said.text)
}

async function asBefore({ lab }: VmScene, settings: string, mac: string): Promise<Check[]> {
  await using box = await openPlanned(lab, 'berlin')
  await box.answers(startMs)
  await box.signIn()
  const [now, other] = [await becomes(box), await macOf(lab, box)]
  await using pings = new Pings(lab, 'berlin-host', internetAddress)
  const fromMs = performance.now()
  const answeredMs = await pings.answerAfter(fromMs, startMs)
  const isSame = now === settings
  const words = isSame ? 'the same' : `${now}, and was ${settings}`
  return [
    claim('its keys, users and configuration are those of the first', isSame, words),
    claim('it has other NICs', other !== '' && other !== mac, `${mac}, then ${other}`),
    claim(
      'it forwards to the Internet',
      answeredMs !== null,
      answeredMs === null ? 'never' : seconds(answeredMs - fromMs),
    ),
  ]
}

/** What another machine is to have of this one: its key, its users, its configuration (which counts on there). */
async function becomes(box: Box): Promise<string> {
  const { wireKey } = await box.get<Status>('/api/v1/status')
  const { users } = await box.get<LocalUsersAnswer>('/api/v1/users')
  const { revision: _, ...config } = await runningConfig(box)
  return JSON.stringify([wireKey, users.map(({ name, role }) => [name, role]), config])
}

/** Of the box's LAN, as its host knows it; '' if it does not. */
async function macOf(lab: Lab, box: Box): Promise<string> {
  const argv = ['ip', 'neighbour', 'show', box.address]
  const { stdout } = await lab.attempt('berlin-host', argv)
  return /lladdr (\S+)/.exec(stdout)?.[1] ?? ''
}
