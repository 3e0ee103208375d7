/** No text, whoever sent it, is more to a link than a message of its form, a kind that is passed over, or nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  mostPlaces,
  mostToldPeers,
  mostWanted,
  readControllerMessage,
  readEdgeMessage,
} from '../../firmware/model/control-link.ts'
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
