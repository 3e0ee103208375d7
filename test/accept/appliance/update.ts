/**
 * Updates of a box by its API, over the network: what is refused, what is taken, what goes back by itself, and what survives all of it.
 */
import { copyFile, rm } from 'node:fs/promises'
import { overwrite } from '../../image/disks.ts'
import { firmwareLine } from '../../image/firmware-watch.ts'
import { Pings } from '../../image/pings.ts'
import { internetAddress } from '../../image/scene.ts'
import type { Check, Line } from '../line.ts'
import { checked, type Step } from '../web-ui/check.ts'
import { claim, seconds, slotsOf, slotsText, within } from './parts.ts'
import {
  backMs,
  bundle,
  changeSetting,
  install,
  openUpdating,
  proven,
  reachPeer,
  restart,
  running,
  settingsOf,
  startsSince,
  type Updating,
} from './update-scene.ts'

/** While the machine starts nothing passes it. */
const gapMs = 120_000
/** A box that is busy with an update may lose some pings, and no more. */
const stallMs = 5_000
/** Of a bundle that is not what was signed. */
const tamperedAt = 40_000_000
/** Its program ends at once, however often it is started. */
const sickUnit = '[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=2\n'
/** Made in this order, before the machine runs, which has better use for the time. */
const wishes = {
  good: { version: '0.1.1', signer: 'current' },
  foreign: { version: '0.1.1', signer: 'foreign' },
  older: { version: '0.0.9', signer: 'current' },
  secondCa: { version: '0.1.2', signer: 'next' },
  sick: {
    ...{ version: '0.1.3', signer: 'current' },
    files: { 'usr/lib/systemd/system/causeway-gateway.service': sickUnit },
  },
  noKernel: {
    ...{ version: '0.1.4', signer: 'current' },
    files: { 'boot/vmlinuz': 'no kernel\n'.repeat(100_000) },
  },
  last: { version: '0.1.5', signer: 'current' },
} as const satisfies Readonly<Record<string, Parameters<typeof bundle>[0]>>

export const update: Line = {
  name: 'update',
  title: 'updates over the network: refused, taken, gone back from, rolled back; settings stay',
  isFullOnly: true,
  faults: {
    'not-tampered': 'tampered: ',
    'own-key': 'foreign key: ',
    'settings-changed': 'good: settings',
    'not-sick': 'gateway never up: ',
    'sound-kernel': 'kernel that cannot be loaded: ',
  },
  measure: async ({ fault }) => {
    if (fault === undefined) for (const wish of Object.values(wishes)) await bundle(wish)
    await using updating = await openUpdating()
    const begin = fault === undefined ? null : update.faults[fault]!
    const groups: readonly (readonly Step[])[] = stepsOf(updating, fault)
    const checks: Check[] = []
    for (const steps of groups) {
      const isWanted = begin === null || steps.some(([title]) => begin.startsWith(prefix(title)))
      if (!isWanted) continue
      const found = await checked(steps, null)
      // It takes most of an hour: whoever ends it before its end knows how far it came.
      for (const { check, figure, isOk } of found) {
        console.error(`  ${isOk ? 'ok' : 'SHORT'}  ${check}: ${figure}`)
      }
      checks.push(...found)
    }
    return checks
  },
}

/** `good: ` of `good: settings survive`. */
function prefix(title: string): string {
  return title.slice(0, title.indexOf(': ') + 2)
}

/** Groups that each begin, and end, with a box that has proven itself. */
function stepsOf(updating: Updating, fault: string | undefined): readonly (readonly Step[])[] {
  return [
    [['tampered: refused, and what runs goes on', (title) => tampered(title, updating, fault)]],
    [['foreign key: refused, and what runs goes on', (title) => foreign(title, updating, fault)]],
    [['older: refused, and what runs goes on', (title) => older(title, updating)]],
    goodSteps(updating, fault),
    [['second CA: taken, runs and is proven', (title) => secondCa(title, updating)]],
    [['gateway never up: goes back by itself', (title) => neverUp(title, updating, fault)]],
    [
      [
        'kernel that cannot be loaded: the other slot, in the same start',
        (title) => unloadable(title, updating, fault),
      ],
    ],
    rollBackSteps(updating),
  ]
}

/** What runs goes on: the same slot, forwarding all the time. */
async function refused(title: string, updating: Updating, file: string): Promise<Check> {
  const { lab } = updating.scene
  const before = await running(updating)
  await using pings = new Pings(lab, 'berlin-host', internetAddress)
  const fromMs = await pings.answerAfter(performance.now(), 30_000)
  const said = await install(updating, file)
  const gap = fromMs === null ? Number.POSITIVE_INFINITY : pings.longestGapMs(fromMs)
  const after = await running(updating)
  const isSame = before.name === after.name && after.version === before.version
  const figure = `${said}; ${slotsText(await slotsOf(updating.box))}; gap ${seconds(gap)}`
  const isOk = said.startsWith('UPDATE_') && isSame && gap <= stallMs
  return claim(title, isOk, figure)
}

async function tampered(title: string, updating: Updating, fault: string | undefined) {
  const whole = await bundle(wishes.good)
  const file = updating.scene.disks.file('raucb')
  await copyFile(whole, file)
  const bytes = Buffer.from([0xde, 0xad, 0xbe, 0xef])
  if (fault !== 'not-tampered') await overwrite({ path: file, format: 'raw' }, tamperedAt, bytes)
  const check = await refused(title, updating, file)
  await rm(file)
  return check
}

async function foreign(title: string, updating: Updating, fault: string | undefined) {
  const file = await bundle(fault === 'own-key' ? wishes.good : wishes.foreign)
  return refused(title, updating, file)
}

async function older(title: string, updating: Updating): Promise<Check> {
  return refused(title, updating, await bundle(wishes.older))
}

function goodSteps(updating: Updating, fault: string | undefined): Step[] {
  let before = ''
  let gap: number | null = null
  return [
    [
      'good: taken, and runs after the restart',
      async (title) => {
        before = await settingsOf(updating)
        const said = await install(updating, await bundle(wishes.good))
        await using pings = new Pings(updating.scene.lab, 'berlin-host', internetAddress)
        await pings.answerAfter(performance.now(), 30_000)
        // Nothing proves itself as long as no peer is reached.
        await reachPeer(updating, false)
        const askedMs = await restart(updating)
        const backMs = await pings.answerAfter(performance.now(), gapMs)
        gap = backMs === null ? null : pings.longestGapMs(askedMs)
        const slot = await running(updating)
        return claim(title, slot.version === '0.1.1', `${said}; ${slot.name} ${slot.version}`)
      },
    ],
    [
      'good: an install while it has not proven itself is refused',
      async (title) => {
        const said = await install(updating, await bundle(wishes.secondCa))
        return claim(title, said === 'UPDATE_NOT_PROVEN', said)
      },
    ],
    [
      'good: proven once a peer is reached',
      async (title) => {
        await reachPeer(updating, true)
        const slot = await proven(updating)
        return claim(title, slot.version === '0.1.1', `${slot.name} ${slot.version} ${slot.state}`)
      },
    ],
    [
      'good: settings survive',
      async (title) => {
        if (fault === 'settings-changed') await changeSetting(updating)
        const after = await settingsOf(updating)
        return claim(title, after === before, `${after.length} characters, the same`)
      },
    ],
    ['good: nothing is forwarded for', async (title) => within(title, gapMs, gap)],
  ]
}

async function secondCa(title: string, updating: Updating): Promise<Check> {
  const said = await install(updating, await bundle(wishes.secondCa))
  await restart(updating)
  const slot = await proven(updating)
  return claim(title, slot.version === '0.1.2', `${said}; ${slot.name} ${slot.version}`)
}

async function neverUp(title: string, updating: Updating, fault: string | undefined) {
  const before = await running(updating)
  const wish = fault === 'not-sick' ? wishes.last : wishes.sick
  const said = await install(updating, await bundle(wish))
  const { box, vm } = updating
  const { mark } = vm.serial
  const beganMs = performance.now()
  await box.signIn()
  await box.post('/api/v1/system/restart', { what: 'machine' })
  await vm.serial.waitFor(firmwareLine, backMs, mark)
  const second = vm.serial.mark
  const isBack = await vm.serial.waitFor(firmwareLine, backMs, second).then(
    () => true,
    () => false,
  )
  await box.answers(backMs)
  await box.signIn()
  const slot = await proven(updating)
  const isOk = isBack && slot.name === before.name && slot.version === before.version
  const figure = `${said}; ${slotsText(await slotsOf(box))}; ${seconds(performance.now() - beganMs)}`
  return claim(title, isOk, figure)
}

async function unloadable(title: string, updating: Updating, fault: string | undefined) {
  const before = await running(updating)
  const wish = fault === 'sound-kernel' ? wishes.last : wishes.noKernel
  const said = await install(updating, await bundle(wish))
  const { mark } = updating.vm.serial
  await restart(updating)
  const slot = await proven(updating)
  const starts = startsSince(updating.vm, mark)
  const isOk = starts === 1 && slot.name === before.name && slot.version === before.version
  return claim(title, isOk, `${said}; ${slot.name} ${slot.version} after ${starts} start`)
}

function rollBackSteps(updating: Updating): Step[] {
  let settings = ''
  return [
    [
      'roll back: the former one runs again when somebody says so',
      async (title) => {
        const before = await running(updating)
        await install(updating, await bundle(wishes.last))
        await restart(updating)
        const newer = await proven(updating)
        await changeSetting(updating)
        settings = await settingsOf(updating)
        await updating.box.post('/api/v1/slots/rollback')
        await restart(updating)
        const slot = await proven(updating)
        const isOk = newer.version === '0.1.5' && slot.version === before.version
        return claim(title, isOk, `${before.version} → ${newer.version} → ${slot.version}`)
      },
    ],
    [
      'roll back: settings survive, that of the newer one too',
      async (title) => {
        const after = await settingsOf(updating)
        return claim(title, after === settings, `${after.length} characters, the same`)
      },
    ],
  ]
}
