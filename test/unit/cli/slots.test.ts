/** `causeway slots …` at the shell of an appliance: what is shown, what is refused, what comes of an update; files go by pieces. */
import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mostUpdateBytes } from '../../../firmware/model/upkeep-limits.ts'
import { makeBundle } from '../host/slots/appliance.ts'
import { openApplianceBox } from './appliance-box.ts'
import { cli } from './shell.ts'

test('an update is installed, tried and kept; and gone back from', async (context) => {
  const box = await openApplianceBox(context)
  const before = await box.typed('slots')
  assert.equal(before.code, 0)
  assert.match(
    before.out,
    /^SLOT +VERSION +STATE +NOW\nA +0\.1\.0 +proven +runs, next start\nB +– +empty/,
  )
  const done = await box.typed('slots', 'install', box.bundle('0.2.0'))
  assert.deepEqual([done.code, done.err], [0, ''])
  assert.match(
    done.out,
    /B +0\.2\.0 +on trial +next start\nthe next start .* is by slot B \(0\.2\.0\)/,
  )
  box.start('0.2.0')
  const kept = await box.typed('slots', 'good')
  assert.deepEqual(
    [kept.code, kept.out],
    [0, 'slot B (0.2.0) is kept: the next start is by it too\n'],
  )
  assert.deepEqual(box.news, [{ version: '0.2.0', isProven: true, reason: null }])
  const back = await box.typed('slots', 'rollback')
  assert.deepEqual([back.code, /is by slot A \(0\.1\.0\)/.test(back.out)], [0, true])
  const { slots } = JSON.parse((await box.typed('slots', '--json')).out) as { slots: object[] }
  assert.equal(slots.length, 2)
})

test('what is refused is 4 where the file is to blame, else 1, with code and reason', async (context) => {
  const box = await openApplianceBox(context)
  const arm = makeBundle(box.root, box.signer, { version: '0.2.0', compatible: 'causeway-arm64' })
  for (const [file, code, text] of [
    [arm, 4, /^UPDATE_REFUSED .*other machines/],
    [box.bundle('0.0.1'), 4, /^UPDATE_OLDER /],
    [join(box.root, 'nothing.raucb'), 4, /^UPDATE_REFUSED .* is no file, or a link/],
    [box.root, 4, /^UPDATE_REFUSED .* is no file, or a link/],
  ] as const) {
    const said = await box.typed('slots', 'install', file)
    assert.equal(said.code, code, file)
    assert.match(said.err, text)
  }
  const nothing = await box.typed('slots', 'rollback')
  assert.deepEqual([nothing.code, /^UPDATE_NO_OTHER /.test(nothing.err)], [1, true])
  await box.typed('slots', 'install', box.bundle('0.2.0'))
  box.start('0.2.0')
  // Refused before a byte of it is wanted: the answer comes all the same.
  const early = await box.typed('slots', 'install', largeFile(box.root, 64 * 1024 * 1024))
  assert.deepEqual([early.code, /^UPDATE_NOT_PROVEN /.test(early.err)], [1, true], early.err)
  const large = await box.typed('slots', 'install', largeFile(box.root, mostUpdateBytes + 1))
  assert.deepEqual([large.code, /^API_TOO_LARGE /.test(large.err)], [1, true], large.err)
  await box.closeGateway()
  assert.equal((await box.typed('slots')).code, 3)
})

test('a file of hundreds of megabytes is not read into the memory', async (context) => {
  const box = await openApplianceBox(context)
  const before = process.resourceUsage().maxRSS
  const said = await box.typed('slots', 'install', largeFile(box.root, 300 * 1024 * 1024))
  assert.match(said.err, /^UPDATE_REFUSED this file is no update/)
  const grownMiB = (process.resourceUsage().maxRSS - before) / 1024
  assert.ok(grownMiB < 150, `${grownMiB} MiB more for both ends of it`)
})

test('what failed says why; what makes no sense is 2', async (context) => {
  const box = await openApplianceBox(context)
  await box.typed('slots', 'install', box.bundle('0.2.0'))
  box.start('0.2.0')
  box.start('0.1.0')
  const { out } = await box.typed('slots')
  assert.match(out, /B +0\.2\.0 +failed *\nB: it did not start, or not far enough to say why\n$/)
  for (const argv of [
    ['slots', 'instal', 'x'],
    ['slots', 'install'],
    ['slots', 'install', 'a', 'b'],
    ['slots', 'good', 'x'],
    ['slots', 'prove', 'x'],
    ['usb'],
    ['usb', 'a', 'b'],
  ]) {
    assert.equal((await box.typed(...argv)).code, 2, argv.join(' '))
  }
  assert.equal((await cli('slots')).code, 3)
})

/** Of nothing, which takes no room. */
function largeFile(folder: string, bytes: number): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `large-${bytes}`)
  const file = openSync(path, 'w')
  ftruncateSync(file, bytes)
  closeSync(file)
  return path
}
