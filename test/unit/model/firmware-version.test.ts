/** Versions of the firmware: which is newer, as SemVer has it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareVersions, isFirmwareVersion } from '../../../firmware/model/firmware-version.ts'

/** The example of SemVer 2.0.0 §11, and numbers of two digits. */
const order = [
  ...['0.9.0', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2'],
  ...['1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.9', '1.0.10', '1.2.0', '1.10.0', '10.0.0'],
]

test('each is newer than all before it, and as new as itself', () => {
  order.forEach((first, at) => {
    order.forEach((second, place) => {
      assert.equal(
        Math.sign(compareVersions(first, second)),
        Math.sign(at - place),
        `${first} ${second}`,
      )
    })
  })
})

test('what is no version is none', () => {
  for (const text of [
    '',
    '1',
    '1.2',
    '1.2.3.4',
    'v1.2.3',
    '1.2.3-',
    '1.2.3+5',
    '1.2.x',
    '1.2.3\n',
  ]) {
    assert.equal(isFirmwareVersion(text), false, JSON.stringify(text))
  }
  assert.equal(isFirmwareVersion(`1.2.3-${'a'.repeat(80)}`), false)
})

test('the order is one, whatever versions there are', () => {
  const number = fc.nat(20)
  const step = fc.oneof(fc.nat(12).map(String), fc.constantFrom('rc', 'a', 'b-1', '0a'))
  const version = fc
    .tuple(number, number, number, fc.array(step, { maxLength: 3 }))
    .map(([a, b, c, steps]) => `${a}.${b}.${c}${steps.length === 0 ? '' : `-${steps.join('.')}`}`)
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.ok([a, b, c].every(isFirmwareVersion))
      assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) + 0)
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
        assert.ok(compareVersions(a, c) <= 0, `${a} ${b} ${c}`)
      }
    }),
  )
})
