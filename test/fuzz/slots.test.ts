/** What RAUC, the image's programs and sticks say: any text leads to facts or a coded error, and all facts to two slots. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { imageVersionOf } from '../../firmware/host/appliance/facts.ts'
import { controllerSettingsOf } from '../../firmware/host/config/controller-settings.ts'
import { bootFactsOf } from '../../firmware/host/slots/boot.ts'
import { bundleOf, raucStatusOf } from '../../firmware/host/slots/bundle.ts'
import { slotAnswers } from '../../firmware/host/slots/slot-state.ts'
import { isFirmwareVersion } from '../../firmware/model/firmware-version.ts'
import { isSlotNote } from '../../firmware/model/slot-note.ts'
import { sampleNote } from '../unit/plan/sample-slot.ts'
import { bytesLike, numRuns, readsOrRefuses } from './bytes.ts'

const boot = 'current=A\ngood=A\na=ok\nb=bad\ntry=B\nfails=xx\n'
const slot = (name: string, bootname: string, version: string, status: string): object => ({
  [name]: {
    ...{
      class: 'rootfs',
      device: '/dev/sda2',
      type: 'raw',
      bootname,
      state: 'booted',
      parent: null,
    },
    ...{ mountpoint: null, boot_status: 'good' },
    slot_status: {
      bundle: { compatible: 'causeway-x86_64', version },
      ...{ status, installed: { timestamp: '2026-11-27T10:00:00Z', count: 3 } },
    },
  },
})
const status = JSON.stringify({
  ...{ compatible: 'causeway-x86_64', variant: '', booted: 'A', boot_primary: 'rootfs.0' },
  slots: [slot('rootfs.1', 'B', '0.2.0', 'ok'), slot('rootfs.0', 'A', '0.1.0', 'pending')],
})
const bundle = JSON.stringify({
  ...{ compatible: 'causeway-x86_64', version: '0.2.0', description: null, build: null, hooks: [] },
  images: [{ rootfs: { variant: null, filename: 'rootfs.img', checksum: 'ab', size: 7 } }],
})

const textLike = (good: string): fc.Arbitrary<string> =>
  bytesLike([Buffer.from(good)], 400).map((bytes) => Buffer.from(bytes).toString('utf8'))
/** In which one value, somewhere, is another. */
const jsonLike = (good: string): fc.Arbitrary<string> =>
  fc.tuple(fc.nat(), fc.jsonValue({ maxDepth: 2 })).map(([where, value]) => {
    const all = visited(good, () => {})
    return visited(good, (at) => (at === where % all.count ? value : undefined)).text
  })

/** @param replace what stands at the place of this number from now on; undefined: what stood there */
function visited(text: string, replace: (at: number) => unknown): { count: number; text: string } {
  let count = 0
  const changed = JSON.stringify(JSON.parse(text), (_, value: unknown) => replace(count++) ?? value)
  return { count, text: changed }
}

test('slots and updates are facts, or are refused by code', () => {
  fc.assert(
    fc.property(textLike(boot), (text) => readsOrRefuses(() => bootFactsOf(text), /^HOST_SYSTEM$/)),
    { numRuns },
  )
  for (const like of [textLike, jsonLike]) {
    fc.assert(
      fc.property(like(status), (text) =>
        readsOrRefuses(() => raucStatusOf(text), /^HOST_SYSTEM$/),
      ),
      { numRuns },
    )
    const readBundle = (text: string): void => {
      const { version } = bundleOf(text)
      assert.ok(isFirmwareVersion(version))
    }
    fc.assert(
      fc.property(like(bundle), (text) =>
        readsOrRefuses(() => readBundle(text), /^UPDATE_REFUSED$/),
      ),
      { numRuns },
    )
  }
})

test('whatever is said of them, there are two slots, one runs and one is next', () => {
  const letter = fc.constantFrom('A', 'B')
  const bootText = fc
    .record({
      ...{ current: letter, good: letter, tried: fc.constantFrom('', 'A', 'B') },
      ...{ a: fc.constantFrom('ok', 'bad'), b: fc.constantFrom('ok', 'bad') },
    })
    .map(
      ({ current, good, tried, a, b }) =>
        `current=${current}\ngood=${good}\na=${a}\nb=${b}\ntry=${tried}\n`,
    )
  const note = fc
    .record({
      ...{ slot: letter, update: fc.constantFrom('0.1.0', '0.2.0'), isProven: fc.boolean() },
      ...{
        reasons: fc.option(fc.array(fc.string({ maxLength: 300 }), { maxLength: 16 })),
        isTold: fc.boolean(),
      },
    })
    .map((change) => ({ ...sampleNote, ...change }))
  fc.assert(
    fc.property(bootText, fc.option(jsonLike(status)), fc.option(note), (text, said, noted) => {
      let rauc = null
      try {
        rauc = said === null ? null : raucStatusOf(said)
      } catch {
        // Its form is another test's.
      }
      assert.ok(noted === null || isSlotNote(noted))
      const slots = slotAnswers({ boot: bootFactsOf(text), rauc, version: '0.1.0', note: noted })
      assert.deepEqual(
        slots.map(({ name }) => name),
        ['A', 'B'],
      )
      assert.equal(slots.filter(({ isRunning }) => isRunning).length, 1)
      assert.equal(slots.filter(({ isNext }) => isNext).length, 1)
      for (const { state, reason } of slots) assert.equal(reason !== null, state === 'bad')
    }),
    { numRuns },
  )
})

test('a controller.yaml of a stick is settings or refused, and an os-release has a version or none', () => {
  const good = Buffer.from(
    'controllers: [ctl.example.net:8443]\nproxy: 192.0.2.1:3128\nroots: ["x"]\n',
  )
  const read = (bytes: Uint8Array): void => void controllerSettingsOf(bytes, 'controller.yaml')
  fc.assert(
    fc.property(bytesLike([good]), (bytes) =>
      readsOrRefuses(() => read(bytes), /^ZTP_SETTINGS_INVALID$/),
    ),
    { numRuns },
  )
  fc.assert(
    fc.property(textLike('ID=debian\nIMAGE_VERSION="0.1.0"\n'), (text) => {
      const version = imageVersionOf(text)
      assert.ok(version === null || (version.length > 0 && version.length <= 64))
    }),
    { numRuns },
  )
})
