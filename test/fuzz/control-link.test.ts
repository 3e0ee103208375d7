/** No text, whoever sent it, is more to a link than a message of its form, a kind that is passed over, or nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  mostDepth,
  mostPlaces,
  mostSteps,
  mostToldPeers,
  mostWanted,
  readControllerMessage,
  readEdgeMessage,
} from '../../firmware/model/control-link.ts'
import { applyDelta, canonicalJson, deltaBetween } from '../../firmware/plan/json-delta.ts'
import { numRuns } from './bytes.ts'

const wireKey = `${'A'.repeat(43)}=`
const place = { address: '203.0.113.9', port: 40_000 }
const places = { kind: 'places', places: [place], wanted: [wireKey] }
const peerPlaces = { kind: 'peer-places', peers: [{ wireKey, places: [place] }] }
const fill = <Value>(count: number, value: Value): Value[] => new Array<Value>(count).fill(value)

test('places both ways are read as they are written, up to their limits', () => {
  const most = { ...places, places: fill(mostPlaces, place), wanted: fill(mostWanted, wireKey) }
  for (const message of [places, most, { ...places, places: [], wanted: [] }]) {
    assert.deepEqual(readEdgeMessage(JSON.stringify(message)), message)
  }
  const all = { kind: 'peer-places', peers: fill(mostToldPeers, peerPlaces.peers[0]!) }
  for (const message of [peerPlaces, all, { kind: 'peer-places', peers: [] }]) {
    assert.deepEqual(readControllerMessage(JSON.stringify(message)), message)
  }
})

test('places of another form, or more of them, are nothing', () => {
  const wrong = [
    { ...places, places: fill(mostPlaces + 1, place) },
    { ...places, wanted: fill(mostWanted + 1, wireKey) },
    { ...places, wanted: ['short'] },
    { ...places, places: [{ ...place, port: 0 }] },
    { ...places, places: [{ ...place, port: 1.5 }] },
    { ...places, places: [{ ...place, address: 'x'.repeat(40) }] },
    { ...places, more: 1 },
    { kind: 'places', places: [place] },
  ]
  for (const message of wrong) assert.equal(readEdgeMessage(JSON.stringify(message)), null)
  const peers = [
    fill(mostToldPeers + 1, peerPlaces.peers[0]),
    [{ wireKey, places: fill(mostPlaces + 1, place) }],
    [{ wireKey: 'short', places: [place] }],
    [{ places: [place] }],
    [null],
    null,
  ]
  for (const one of peers) {
    const text = JSON.stringify({ kind: 'peer-places', peers: one })
    assert.equal(readControllerMessage(text), null)
  }
  // Neither end takes what the other says.
  assert.deepEqual(readEdgeMessage(JSON.stringify(peerPlaces)), { kind: 'unknown' })
  assert.deepEqual(readControllerMessage(JSON.stringify(places)), { kind: 'unknown' })
})

const delta = (steps: unknown): string => {
  const parts = { head: 'a', signature: 'b' }
  return JSON.stringify({ kind: 'config-delta', revision: 2, base: 1, steps, ...parts })
}

test('steps of another form, or more of them, are nothing', () => {
  const splice = { at: ['peers', 0, 'lans'], from: 0, remove: 1, insert: [null] }
  const place = fill<unknown>(mostDepth, 'a')
  const sound = [{ at: [] }, { at: ['a', 0], value: null }, splice, { at: place }]
  for (const one of sound) assert.notEqual(readControllerMessage(delta([one])), null)
  const wrong = [
    null,
    [],
    'a',
    {},
    ...[null, 'a', [null], [-1], [1.5], [['a']], [...place, 'a']].map((at) => ({ at })),
    { at: [], from: 0, remove: 0 },
    { at: [], value: 1, more: 1 },
    { ...splice, value: 1 },
    ...[-1, 0.5, null, '0'].flatMap((one) => [
      { ...splice, from: one },
      { ...splice, remove: one },
    ]),
    { ...splice, insert: {} },
  ]
  for (const one of wrong) assert.equal(readControllerMessage(delta([one])), null)
  const many = fill(mostSteps, { at: [] })
  assert.notEqual(readControllerMessage(delta(many)), null)
  for (const steps of [[...many, { at: [] }], {}, null]) {
    assert.equal(readControllerMessage(delta(steps)), null)
  }
})

/** Steps that nearly are some, with values of any kind where others belong. */
const nearly = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      at: fc.oneof(
        fc.array(fc.oneof(fc.constantFrom('a', 'b', '__proto__'), fc.integer({ min: -1, max: 3 }))),
        fc.jsonValue(),
      ),
      value: fc.jsonValue(),
      from: fc.oneof(fc.integer({ min: -1, max: 3 }), fc.jsonValue()),
      remove: fc.oneof(fc.nat(3), fc.jsonValue()),
      insert: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
    },
    { requiredKeys: ['at'] },
  ),
)

test('whatever steps come, they make another value or are refused, and leave what there was as it was', () => {
  let read = 0
  const check = (before: unknown, steps: readonly unknown[]): void => {
    const message = readControllerMessage(delta(steps))
    if (message?.kind !== 'config-delta') return
    read++
    const text = canonicalJson(before)
    const made = applyDelta(before, message.steps)
    if (made !== null) canonicalJson(made.value)
    assert.equal(canonicalJson(before), text)
  }
  const steps = fc.array(nearly, { maxLength: 3 })
  fc.assert(fc.property(fc.jsonValue(), steps, check), { numRuns })
  assert.ok(read > numRuns / 100)
})

test('what differs between two values is read as it was written', () => {
  const check = (before: unknown, after: unknown): void => {
    const steps = deltaBetween(before, after)
    if (steps === null) {
      // Only what no step may name is sent whole: these values have no thousand differences.
      assert.match(canonicalJson([before, after]), /"__proto__":/)
      return
    }
    const message = readControllerMessage(delta(steps))
    assert.ok(message?.kind === 'config-delta')
    assert.equal(canonicalJson(applyDelta(before, message.steps)?.value), canonicalJson(after))
  }
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), check), { numRuns })
})

/** Whole messages with a value put into them somewhere, and texts that are cut or are nothing. */
const texts = fc.oneof(
  fc.string(),
  fc.json(),
  fc
    .tuple(fc.constantFrom(places, peerPlaces), fc.string(), fc.jsonValue())
    .map(([message, name, value]) => JSON.stringify({ ...message, [name]: value })),
  fc
    .tuple(
      fc.constantFrom(places, peerPlaces),
      fc.constantFrom('places', 'wanted', 'peers'),
      fc.jsonValue(),
    )
    .map(([message, name, value]) => JSON.stringify({ ...message, [name]: value })),
  fc
    .tuple(fc.constantFrom(places, peerPlaces), fc.nat(200))
    .map(([message, end]) => JSON.stringify(message).slice(0, end)),
)

test('whatever comes by a link is a message, unknown or nothing, and what is read is written the same', () => {
  const check = (text: string): void => {
    for (const read of [readEdgeMessage, readControllerMessage]) {
      const message = read(text)
      if (message === null || message.kind === 'unknown') continue
      assert.deepEqual(read(JSON.stringify(message)), message)
    }
  }
  fc.assert(fc.property(texts, check), { numRuns })
})
