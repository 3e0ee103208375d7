/** An appliance's slots: which updates are taken, by RAUC's own judgement; what comes of one, step by step; what a power cut leaves. */
import assert from 'node:assert/strict'
import {
  createReadStream,
  existsSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readSlotNote, writeSlotNote } from '../../../../firmware/host/slots/note.ts'
import { raucSlots } from '../../../../firmware/host/slots/rauc.ts'
import type { Slots } from '../../../../firmware/host/slots/slots.ts'
import { sampleBefore } from '../../plan/sample-slot.ts'
import { type Appliance, makeBundle, makeSigner, openAppliance, type Signer } from './appliance.ts'

interface World {
  readonly box: Appliance
  readonly slots: Slots
  readonly signer: Signer
  readonly bundle: (version: string, compatible?: string) => string
  readonly install: (path: string) => Promise<string[]>
  /** Each slot in a word or two. */
  readonly shown: () => Promise<string[]>
}

async function openWorld(context: TestContext): Promise<World> {
  const box = await openAppliance(context)
  const signer = makeSigner(box.root, 'release')
  writeFileSync(join(box.root, 'keyring.pem'), signer.authority)
  const slots = raucSlots(box.places, box.rauc)
  return {
    ...{ box, slots, signer },
    bundle: (version, compatible) =>
      makeBundle(box.root, signer, {
        version,
        ...(compatible === undefined ? {} : { compatible }),
      }),
    install: (path) => install(slots, path),
    shown: async () =>
      (await slots.list()).map(({ name, version, state, isRunning, isNext }) =>
        [name, version ?? '-', state, isRunning ? 'runs' : '', isNext ? 'next' : '']
          .filter((word) => word !== '')
          .join(' '),
      ),
  }
}

/** @returns the phases that were told */
async function install(slots: Slots, path: string): Promise<string[]> {
  const told: string[] = []
  const totalBytes = statSync(path).size
  await slots.install(
    { chunks: createReadStream(path), totalBytes },
    { onProgress: (phase) => void told.push(phase), before: () => sampleBefore },
  )
  return told.filter((phase, at) => phase !== told[at - 1])
}

test('an update is judged, written, tried, proven, and gone back from by hand', async (context) => {
  const { box, slots, bundle, install, shown } = await openWorld(context)
  assert.deepEqual(await shown(), ['A 0.1.0 good runs next', 'B - empty'])
  await assert.rejects(slots.rollBack(), { code: 'UPDATE_NO_OTHER' })
  assert.deepEqual(await install(bundle('0.2.0')), ['receiving', 'checking', 'writing'])
  assert.deepEqual(await shown(), ['A 0.1.0 good runs', 'B 0.2.0 trying next'])
  assert.equal(existsSync(join(box.places.updateFolder, 'update.raucb')), false, 'nothing is left')
  assert.equal(await slots.news(), null)

  box.start('0.2.0')
  assert.deepEqual(await shown(), ['A 0.1.0 good next', 'B 0.2.0 trying runs'])
  await assert.rejects(install(bundle('0.3.0')), { code: 'UPDATE_NOT_PROVEN' })
  await slots.markGood()
  assert.deepEqual(await shown(), ['A 0.1.0 good', 'B 0.2.0 good runs next'])
  assert.deepEqual(await slots.news(), { version: '0.2.0', isProven: true, reason: null })
  assert.equal(await slots.news(), null, 'told once')

  await slots.rollBack()
  assert.deepEqual(await shown(), ['A 0.1.0 good next', 'B 0.2.0 good runs'])
  box.start('0.1.0')
  assert.deepEqual(await shown(), ['A 0.1.0 trying runs', 'B 0.2.0 good next'])
})

test('what this machine does not trust, is for others, is older or is cut short, is refused and changes nothing', async (context) => {
  const { box, bundle, signer, install, shown } = await openWorld(context)
  const foreign = makeSigner(box.root, 'foreign')
  const refused = async (path: string, code: string, message: RegExp): Promise<void> => {
    await assert.rejects(install(path), (error: Error & { code: string }) => {
      assert.equal(error.code, code, error.message)
      assert.match(error.message, message)
      return true
    })
    assert.deepEqual(await shown(), ['A 0.1.0 good runs next', 'B - empty'], path)
    assert.equal(existsSync(join(box.places.updateFolder, 'update.raucb')), false)
    assert.equal(await readSlotNote(box.places.slotNote), null)
  }
  await refused(makeBundle(box.root, foreign, { version: '0.2.0' }), 'UPDATE_REFUSED', /not signed/)
  await refused(bundle('0.2.0', 'causeway-arm64'), 'UPDATE_REFUSED', /other machines/)
  await refused(bundle('0.0.9'), 'UPDATE_OLDER', /0\.0\.9, and 0\.1\.0 runs/)
  await refused(bundle('0.1.0-rc.1'), 'UPDATE_OLDER', /older/)
  await refused(bundle('tomorrow'), 'UPDATE_REFUSED', /which version/)
  const changed = bundle('0.2.0')
  const bytes = readFileSync(changed)
  // Of the manifest, which lies in the signature at the end.
  const at = bytes.lastIndexOf('version=0.2.0')
  bytes.write('version=0.9.0', at)
  writeFileSync(changed, bytes)
  assert.ok(at > 0)
  await refused(changed, 'UPDATE_REFUSED', /not signed .* or was changed/)
  const cut = bundle('0.2.0')
  truncateSync(cut, 40_000)
  await refused(cut, 'UPDATE_TRUNCATED', /cut short/)
  const picture = join(box.root, 'picture.png')
  writeFileSync(picture, 'PNG')
  await refused(picture, 'UPDATE_REFUSED', /no update/)
  const same = makeBundle(box.root, signer, { version: '0.1.0' })
  assert.deepEqual((await install(same)).at(-1), 'writing', 'the same version is taken')
})

test('one that RAUC finds damaged as it writes costs the other slot, says so, and the next one is taken', async (context) => {
  const { box, bundle, install, shown, slots } = await openWorld(context)
  box.service('damaged')
  await assert.rejects(install(bundle('0.2.0')), { code: 'UPDATE_REFUSED', message: /is damaged/ })
  assert.deepEqual(await shown(), ['A 0.1.0 good runs next', 'B - bad'])
  assert.match((await slots.list())[1]!.reason ?? '', /damaged: install it again/)
  assert.equal(await slots.news(), null, 'it was never tried')
  box.service('ok')
  await install(bundle('0.2.0'))
  assert.deepEqual(await shown(), ['A 0.1.0 good runs', 'B 0.2.0 trying next'])
})

test('an install that was cut off is told, starts nothing, and the next one is taken', async (context) => {
  const { box, bundle, install, shown, slots } = await openWorld(context)
  box.service('cut')
  await assert.rejects(install(bundle('0.2.0')))
  box.service('ok')
  assert.equal(box.boot().try, '')
  assert.deepEqual(await shown(), ['A 0.1.0 good runs next', 'B - bad'])
  assert.match((await slots.list())[1]!.reason ?? '', /cut short: install it again/)
  await install(bundle('0.2.0'))
  assert.deepEqual(await shown(), ['A 0.1.0 good runs', 'B 0.2.0 trying next'])
})

test('while RAUC writes, slots are told, and another install, a mark and a way back are refused', async (context) => {
  const { box, bundle, install, shown } = await openWorld(context)
  box.service('slow')
  const first = install(bundle('0.2.0'))
  while (!existsSync(join(box.root, 'writing'))) await new Promise((next) => setTimeout(next, 20))
  // As a gateway does that has started anew meanwhile.
  const again = raucSlots(box.places, box.rauc)
  assert.deepEqual(await shown(), ['A 0.1.0 good runs next', 'B - bad'])
  assert.match((await again.list())[1]!.reason ?? '', /is being written/)
  for (const ask of [() => install(bundle('0.3.0')), again.markGood, again.rollBack]) {
    await assert.rejects(ask, { code: 'UPDATE_BUSY' })
  }
  writeFileSync(join(box.root, 'go'), '')
  await first
  assert.deepEqual(await shown(), ['A 0.1.0 good runs', 'B 0.2.0 trying next'])
})

test('what did not prove itself is told as failed, with the reasons that it left', async (context) => {
  const { box, bundle, install, shown, slots } = await openWorld(context)
  await install(bundle('0.2.0'))
  box.start('0.2.0')
  const note = await readSlotNote(box.places.slotNote)
  assert.deepEqual([note?.slot, note?.update, note?.before], ['B', '0.2.0', sampleBefore])
  await writeSlotNote(box.places.slotNote, { ...note!, reasons: ['the datapath does not answer'] })
  box.start('0.1.0')
  assert.deepEqual(await shown(), ['A 0.1.0 good runs next', 'B 0.2.0 bad'])
  const reason = 'it did not prove itself: the datapath does not answer'
  assert.equal((await slots.list())[1]!.reason, reason)
  await assert.rejects(slots.rollBack(), { code: 'UPDATE_NO_OTHER', message: /slot B .*datapath/ })
  // The proof of what runs again clears its count, and not the verdict.
  await slots.markGood()
  assert.deepEqual(await slots.news(), { version: '0.2.0', isProven: false, reason })
  assert.equal(await slots.news(), null)
  assert.equal((await slots.list())[1]!.reason, reason)
  // An install of which nothing was written changes nothing of that.
  box.service('gone')
  await assert.rejects(install(bundle('0.2.0')), { code: 'HOST_COMMAND_FAILED' })
  assert.equal((await slots.list())[1]!.reason, reason)
})

test('there must be room before anything is taken', async (context) => {
  const { box, slots } = await openWorld(context)
  let isRead = false
  const chunks = (async function* () {
    isRead = true
    yield Buffer.alloc(1)
  })()
  const installing = { onProgress: () => {}, before: () => sampleBefore }
  const asked = slots.install({ chunks, totalBytes: 1e18 }, installing)
  await assert.rejects(asked, { code: 'UPDATE_NO_ROOM', message: /MB are free/ })
  assert.equal(isRead, false)
  assert.equal(existsSync(join(box.places.updateFolder, 'update.raucb')), false)
})

test('what a power cut left of an upload goes at the next start, and RAUC’s notes stay', async (context) => {
  const { box } = await openWorld(context)
  const left = join(box.places.updateFolder, 'update.raucb')
  const notes = join(box.places.updateFolder, 'rauc.status')
  writeFileSync(left, 'half')
  writeFileSync(notes, '[slot.rootfs.0]')
  raucSlots(box.places, box.rauc)
  while (existsSync(left)) await new Promise((next) => setTimeout(next, 10))
  assert.ok(existsSync(notes))
})
