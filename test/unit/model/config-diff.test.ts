/** What differs, told by name, and nothing else; and everything that differs is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diffConfigs, isEqual } from '../../../firmware/model/config-diff.ts'

test('what is equal has no differences, whatever the order of its fields', () => {
  assert.deepEqual(diffConfigs({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }), [])
})

test('one peer more is one line, and one that is changed is told by its name and field', () => {
  const before = {
    peers: [
      { name: 'a', x: 1 },
      { name: 'c', x: 1 },
    ],
  }
  const after = {
    peers: [
      { name: 'a', x: 1 },
      { name: 'b', x: 1 },
      { name: 'c', x: 2 },
    ],
  }
  assert.deepEqual(diffConfigs(before, after), [
    { path: '/peers/b', before: undefined, after: { name: 'b', x: 1 } },
    { path: '/peers/c/x', before: 1, after: 2 },
  ])
})

test('that two policies have changed places is told', () => {
  const [a, b] = [{ name: 'a' }, { name: 'b' }]
  assert.deepEqual(diffConfigs({ policies: [a, b] }, { policies: [b, a] }), [
    { path: '/policies', before: ['a', 'b'], after: ['b', 'a'] },
  ])
})

test('lists without names are told whole', () => {
  assert.deepEqual(diffConfigs({ to: [1, 2] }, { to: [2, 1] }), [
    { path: '/to', before: [1, 2], after: [2, 1] },
  ])
})

test('there are differences exactly if the values differ', () => {
  const value = fc.jsonValue({ maxDepth: 4 })
  fc.assert(
    fc.property(value, value, (one, other) => {
      assert.deepEqual(diffConfigs(one, one), [])
      assert.equal(diffConfigs(one, other).length === 0, isEqual(one, other))
    }),
    { numRuns: 2_000 },
  )
})
