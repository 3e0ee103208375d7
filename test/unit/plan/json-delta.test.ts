/** What a delta makes of the one value is the other one, to the letter; and one for another value is refused or harmless. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DeltaStep, mostDepth, mostNesting } from '../../../firmware/model/control-link.ts'
import { applyDelta, canonicalJson, deltaBetween } from '../../../firmware/plan/json-delta.ts'

const name = fc.constantFrom('a', 'b', 'c', 'name')
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.string({ maxLength: 3 }),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('fields'),
  ),
  list: fc.array(tie('value'), { maxLength: 5 }),
  fields: fc.dictionary(name, tie('value'), { maxKeys: 4 }),
})).value

test('a delta turns the one value into the other', () => {
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      const steps = deltaBetween(before, after)!
      const crossed = JSON.parse(JSON.stringify(steps)) as DeltaStep[]
      const applied = applyDelta(before, crossed)
      assert.equal(canonicalJson(applied?.value), canonicalJson(after))
    }),
    { numRuns: 5_000 },
  )
})

test('one peer more among a thousand is one short step', () => {
  const peers = Array.from({ length: 1_000 }, (_, at) => ({
    name: `s${at}`,
    wireKey: 'k'.repeat(44),
  }))
  const after = peers.toSpliced(500, 0, { name: 'new', wireKey: 'x' })
  const steps = deltaBetween({ peers }, { peers: after })!
  assert.deepEqual(steps, [
    { at: ['peers'], from: 500, remove: 0, insert: [{ name: 'new', wireKey: 'x' }] },
  ])
})

test('a delta that was made for another value changes nothing of it, or is refused; nor does it reach a prototype', () => {
  fc.assert(
    fc.property(tree, tree, tree, (one, other, third) => {
      const before = canonicalJson(third)
      applyDelta(third, deltaBetween(one, other)!)
      assert.equal(canonicalJson(third), before)
    }),
    { numRuns: 2_000 },
  )
  for (const at of [
    ['__proto__', 'x'],
    ['constructor', 'x'],
    ['a', '__proto__'],
  ]) {
    assert.equal(applyDelta({ a: {} }, [{ at, value: 1 }]), null)
  }
  assert.equal(({} as { x?: unknown }).x, undefined)
})

/** So many lists in each other. */
const nested = (depth: number, inner: unknown): unknown =>
  depth === 0 ? inner : [nested(depth - 1, inner)]

test('what differs far down is set as far down as a step goes', () => {
  const after = nested(mostDepth + 4, 'other')
  const steps = deltaBetween(nested(mostDepth + 4, 'one'), after)!
  assert.deepEqual(
    steps.map(({ at }) => at.length),
    [mostDepth],
  )
  assert.deepEqual(applyDelta(nested(mostDepth + 4, 'one'), steps), { value: after })
})

test('a step that nests deeper than a stack is refused, wherever it does', () => {
  const deep = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000)) as unknown
  for (const step of [
    { at: [], value: deep },
    { at: ['a'], value: { b: deep } },
    { at: ['list'], from: 0, remove: 0, insert: [deep] },
  ]) {
    assert.equal(applyDelta({ a: 1, list: [] }, [step]), null)
  }
})

test('canonical text does not depend on the order of fields', () => {
  assert.equal(
    canonicalJson({ b: 1, a: { d: [1, { f: 1, e: 2 }], c: undefined } }),
    '{"a":{"d":[1,{"e":2,"f":1}]},"b":1}',
  )
})

test('what no step may name has no delta', () => {
  const named = JSON.parse('{"__proto__":{"a":1}}') as object
  assert.equal(deltaBetween({}, named), null)
  assert.equal(deltaBetween({ in: named }, { in: {} }), null)
  // Within a value that comes as a whole it is a field like any other.
  const steps = deltaBetween({}, { in: named })
  assert.equal(canonicalJson(applyDelta({}, steps!)?.value), '{"in":{"__proto__":{"a":1}}}')
})

test('what nests deeper than a box takes has no delta', () => {
  const [takes, refuses] = [nested(mostNesting, 1), nested(mostNesting + 1, 1)]
  assert.deepEqual(applyDelta({}, deltaBetween({}, { a: takes })!), { value: { a: takes } })
  assert.equal(deltaBetween({}, { a: refuses }), null)
  assert.equal(deltaBetween({ a: [] }, { a: [takes] }), null)
})
