/** Which X25519 public keys are none, checked against what an exchange with them yields. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeWireKey, encodeWireKey, isUsableWireKey } from '../../../firmware/model/wire-key.ts'
import { sharedSecret, x25519Pair } from '../../../firmware/wire/x25519.ts'

const p = 2n ** 255n - 19n
/** The u of the points of order 8, as https://cr.yp.to/ecdh.html has them. */
const ofOrderEight = [
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
]
const smallOrder = [0n, 1n, ...ofOrderEight, p - 1n, p, p + 1n]

function littleEndian(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((number >> BigInt(8 * at)) & 0xffn))
}

function canExchange(key: Uint8Array): boolean {
  try {
    sharedSecret(x25519Pair(new Uint8Array(32).fill(7)), key)
    return true
  } catch {
    return false
  }
}

test('every point of small order is refused, whatever its highest bit says', () => {
  for (const u of smallOrder) {
    for (const key of [littleEndian(u), littleEndian(u | (1n << 255n))]) {
      assert.equal(canExchange(key), false, `${u}`)
      assert.equal(isUsableWireKey(key), false, `${u}`)
    }
  }
})

test('their neighbours and honest keys are usable', () => {
  const neighbours = smallOrder.flatMap((u) => [u - 1n, u + 1n])
  for (const u of neighbours.filter((n) => n >= 0n && !smallOrder.includes(n))) {
    assert.equal(isUsableWireKey(littleEndian(u)), canExchange(littleEndian(u)), `${u}`)
    assert.equal(isUsableWireKey(littleEndian(u)), true, `${u}`)
  }
  for (let seed = 1; seed < 50; seed++) {
    const { publicKey } = x25519Pair(new Uint8Array(32).fill(seed))
    assert.equal(isUsableWireKey(publicKey), true)
    assert.deepEqual(decodeWireKey(encodeWireKey(publicKey)), Uint8Array.from(publicKey))
  }
})
