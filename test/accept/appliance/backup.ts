/** A box breaks: its backup is restored on another one, which has other NICs, and becomes it: same keys, users, configuration; it forwards. */
import { readFile, rm } from 'node:fs/promises'
import type { CausewayError } from '../../../firmware/model/errors.ts'
import type { RestoreAnswer } from '../../../firmware/model/local-api-backup.ts'
import type { NicsAnswer } from '../../../firmware/model/local-api-lan.ts'
import { builtImage } from '../../image/builds.ts'
import { diskGiB } from '../../image/disks.ts'
import { Pings } from '../../image/pings.ts'
import { internetAddress, openVmScene, type VmScene } from '../../image/scene.ts'
import { openBlank, openPlanned, setUp, startMs } from '../../image/set-up.ts'
import type { Check, Line } from '../line.ts'
import { claim, seconds } from './parts.ts'
import { settingsOf } from './update-scene.ts'

const passphrase = 'correct horse battery staple'
const otherNumber = 77

export const backup: Line = {
  name: 'backup',
  title: 'the backup of a box makes another machine, with other MACs, that box',
  isFullOnly: true,
  faults: { 'wrong-passphrase': 'restored: ' },
  measure: async ({ fault }) => {
    await using scene = await openVmScene({ vms: { berlin: 'x86_64' }, isAlone: true })
    const { file, settings, macs } = await takeBackup(scene)
    const restored = await restore(scene, file, fault)
    await rm(file)
    if (!restored.isOk) return [restored]
    return [restored, ...(await asBefore(scene, settings, macs))]
  },
}

async function takeBackup({ lab, disks, vm }: VmScene) {
  const machine = vm('berlin')
  await machine.start()
  await using box = await setUp(lab, 'berlin')
  const file = disks.file('backup')
  await box.fetch('/api/v1/backup', { passphrase, withIdentity: true }, file)
  const [settings, macs] = [await settingsOf({ box }), await macsOf(box)]
  await machine.cutPower()
  return { file, settings, macs }
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

async function asBefore(
  { lab }: VmScene,
  settings: string,
  macs: readonly string[],
): Promise<Check[]> {
  await using box = await openPlanned(lab, 'berlin')
  await box.answers(startMs)
  await box.signIn()
  const [now, others] = [await settingsOf({ box }), await macsOf(box)]
  await using pings = new Pings(lab, 'berlin-host', internetAddress)
  const fromMs = performance.now()
  const answeredMs = await pings.answerAfter(fromMs, startMs)
  const isOther = others.length > 0 && others.every((mac) => !macs.includes(mac))
  return [
    claim('its keys, users and configuration are those of the first', now === settings, 'the same'),
    claim('it has other NICs', isOther, others.join(', ')),
    claim(
      'it forwards to the Internet',
      answeredMs !== null,
      answeredMs === null ? 'never' : seconds(answeredMs - fromMs),
    ),
  ]
}

async function macsOf(box: Parameters<typeof settingsOf>[0]['box']): Promise<string[]> {
  const { nics } = await box.get<NicsAnswer>('/api/v1/nics')
  return nics.flatMap(({ mac }) => (mac === null ? [] : [mac]))
}
