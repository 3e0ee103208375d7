/** Where an entry is by now that a form was opened for: others add, remove, move and change entries meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryPlace } from '../../../webui/config/entry-place.ts'

const [one, two, three] = [{ name: 'one' }, { name: 'two', loss: 1 }, { name: 'three' }]
const before = { policies: [one, two, three], dns: { domain: 'a.example' } }
const at = ['policies']

test('an entry that others moved is found where it is now', () => {
  const now = { policies: [two, three] }
  assert.deepEqual(entryPlace(before, before, at, 1), { place: ['policies', 1], fate: 'same' })
  assert.deepEqual(entryPlace(before, now, at, 1), { place: ['policies', 0], fate: 'same' })
})

test('an entry that others changed is found by its name, and told of', () => {
  const now = { policies: [three, { name: 'two', loss: 5 }] }
  assert.deepEqual(entryPlace(before, now, at, 1), { place: ['policies', 1], fate: 'changed' })
})

test('an entry that others removed would be a new one, never another one', () => {
  const now = { policies: [one, three] }
  assert.deepEqual(entryPlace(before, now, at, 1), { place: ['policies', 2], fate: 'gone' })
  assert.deepEqual(entryPlace(before, {}, at, 0), { place: ['policies', 0], fate: 'gone' })
})

test('a new entry goes behind the others, and fields stay where they are', () => {
  assert.deepEqual(entryPlace(before, { policies: [one] }, at, null), {
    ...{ place: ['policies', 1], fate: 'same' },
  })
  assert.deepEqual(entryPlace(before, {}, ['dns'], undefined), { place: ['dns'], fate: 'changed' })
  assert.deepEqual(entryPlace(before, before, ['dns'], undefined).fate, 'same')
})
