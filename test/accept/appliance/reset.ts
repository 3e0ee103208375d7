/**
 * A factory reset leaves nothing of its owner: texts are planted in all that a box keeps, the box is reset by its API, and its whole disk is
 * searched for each of them in every form. Then it is a blank box that works.
 */
import type { EnrolmentAnswer } from '../../../firmware/model/enrolment.ts'
import type { CausewayError } from '../../../firmware/model/errors.ts'
import type { SessionState } from '../../../firmware/model/local-api-access.ts'
import type { Box } from '../../image/box.ts'
import { type Canary, type Found, findCanaries } from '../../image/canary.ts'
import { firmwareLine } from '../../image/firmware-watch.ts'
import { openVmScene, type VmScene } from '../../image/scene.ts'
import { apply, kept, openBlank, runningConfig, setUp, startMs } from '../../image/set-up.ts'
import type { Check, Line } from '../line.ts'
import { claim, noneOf } from './parts.ts'

const canaries: readonly Canary[] = [
  { what: 'name of a peer', text: 'kanarie-peer-7f3a' },
  { what: 'name of a segment', text: 'kanarie-seg-41b9' },
  { what: 'secret of the configuration', text: 'kanarie-secret-d02e66' },
  { what: 'name of a user', text: 'kanarie-user-93c1' },
  { what: 'name of a site, in history and log', text: 'kanarie-site-5ae8' },
]

export const reset: Line = {
  name: 'reset',
  title:
    'a factory reset leaves nothing of its owner on the whole disk, and a blank box that works',
  isFullOnly: true,
  faults: {
    'not-reset': 'found after the reset',
    'one-left': 'found after the reset',
  },
  measure: async ({ fault }) => {
    await using scene = await openVmScene({ vms: { berlin: 'x86_64' }, isAlone: true })
    const { lab, vm } = scene
    const machine = vm('berlin')
    await machine.start()
    await using box = await setUp(lab, 'berlin')
    const { deviceId } = await box.get<EnrolmentAnswer>('/api/v1/enrolment')
    await plant(box)
    await machine.cutPower()
    const before = await search(scene)
    await machine.start()
    await box.answers(startMs)
    if (fault !== 'not-reset') await resetBox(scene, box)
    const blank = fault === 'not-reset' ? [] : await checkBlank(scene, deviceId)
    await machine.cutPower()
    const after = await search(scene, fault === 'one-left' ? [aBoxHasIt] : [])
    return [...planted(before), ...blank, leftOver(after)]
  },
}

/** In every image there is: a fault to plant. */
const aBoxHasIt: Canary = { what: 'what is in every image', text: '# GRUB Environment Block' }

async function plant(box: Box): Promise<void> {
  const texts = canaries.map(({ text }) => text)
  const [peer = '', segment = '', secret = '', user = '', site = ''] = texts
  await box.post('/api/v1/users', { name: user, role: 'viewer', password: `${secret}-password` })
  const before = await runningConfig(box)
  const wireKey = Buffer.alloc(32, 9).toString('base64')
  const config = {
    ...{ ...before, revision: before.revision + 1, site },
    segments: [...before.segments, { name: segment, vni: 4_711 }],
    peers: [{ name: peer, wireKey, endpoints: ['192.0.2.9:51820'], segments: {} }],
  }
  await apply(box, config)
  await kept(box, config.revision)
  // Once more, so that the history and the log have what runs no longer, too.
  const again = { ...config, revision: config.revision + 1, site: `${site}-b` }
  await apply(box, again)
  await kept(box, again.revision)
}

async function resetBox({ vm }: VmScene, box: Box): Promise<void> {
  const { serial } = vm('berlin')
  const { mark } = serial
  await box.signIn()
  await box.post('/api/v1/reset').catch((error: CausewayError) => {
    // It may be gone before it has said that it goes.
    if (error.code !== 'API_UNREACHABLE') throw error
  })
  await serial.waitFor(firmwareLine, startMs, mark)
}

async function checkBlank({ lab }: VmScene, deviceId: string): Promise<Check[]> {
  await using box = await openBlank(lab, 'berlin')
  const session: SessionState = await box.answers(startMs)
  await box.setPassword()
  const enrolment = await box.get<EnrolmentAnswer>('/api/v1/enrolment')
  const config = await runningConfig(box)
  const isBlank = session.isFirst && config.revision === 0
  return [
    claim('it is blank: lends addresses, asks for a first password', isBlank, `${config.site}`),
    claim('it is the device that it was', enrolment.deviceId === deviceId, enrolment.deviceId),
  ]
}

/** Of the guest's whole disk, as somebody reads it who takes it out. */
async function search({ disks, vm }: VmScene, more: readonly Canary[] = []): Promise<Found[]> {
  const raw = await disks.raw(vm('berlin').disk)
  const found = await findCanaries(raw.path, [...canaries, ...more])
  disks.remove(raw)
  return found
}

/** A search that finds nothing before has proven nothing after. */
function planted(before: readonly Found[]): Check[] {
  return canaries
    .filter(({ what }) => !what.startsWith('secret'))
    .map((canary) => {
      const places = before.filter((one) => one.canary.text === canary.text)
      return claim(
        `planted: ${canary.what} is found before`,
        places.length > 0,
        `${places.length} places`,
      )
    })
}

function leftOver(after: readonly Found[]): Check {
  const words = after.map(({ canary, form, offset }) => `${canary.what} (${form}) at ${offset}`)
  return noneOf('found after the reset, on the whole disk', words, `${canaries.length} texts`)
}
