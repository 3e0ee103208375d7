/** Cookies: XChaCha20-Poly1305 against its draft's vectors, and what a cookie is bound to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  cookieFor,
  cookieKey,
  hasMac2,
  holdsMac2,
  readCookie,
  withMac2,
  writeCookie,
} from '../../../firmware/wire/cookie.ts'
import { mac1Key, withMacs, withoutMacs } from '../../../firmware/wire/handshake.ts'
import { hChaCha20, xOpen, xSeal } from '../../../firmware/wire/xchacha.ts'

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')
const range = (first: number, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, index) => first + index))

test('HChaCha20: draft-irtf-cfrg-xchacha-03 §2.2.1', () => {
  const out = hChaCha20(range(0, 32), bytes('000000090000004a0000000031415927'))
  assert.equal(
    out.toString('hex'),
    '82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc',
  )
})

test('XChaCha20-Poly1305: draft-irtf-cfrg-xchacha-03 §A.3.1', () => {
  const text =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
  const key = range(0x80, 32)
  const nonce = range(0x40, 24)
  const aad = bytes('50515253c0c1c2c3c4c5c6c7')
  const sealed = xSeal(key, nonce, Buffer.from(text), aad)
  assert.equal(
    sealed.toString('hex'),
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39' +
      'ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9' +
      '21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49',
  )
  assert.equal(xOpen(key, nonce, sealed, aad).toString(), text)
  assert.throws(() => xOpen(key, nonce, sealed.subarray(0, 15), aad), { code: 'WIRE_TRUNCATED' })
})

const theirKey = Buffer.alloc(32, 7)
const initiation = withMacs(
  Buffer.from([0xd4, 0, 0, 0, 1, 2, 3, 4, ...new Uint8Array(120)]),
  mac1Key(theirKey),
)

test('a cookie crosses, and holds for the address and port it was given to, under its secret', () => {
  const secret = Buffer.alloc(32, 1)
  const from = { address: '2001:db8::1', port: 51_820 }
  const cookie = cookieFor(secret, from)
  const message = writeCookie({
    datagram: initiation,
    cookie,
    ownCookieKey: cookieKey(theirKey),
    nonce: Buffer.alloc(24, 3),
  })
  assert.equal(message.length, 64)
  assert.deepEqual([...message.subarray(0, 8)], [0xd6, 0, 0, 0, 1, 2, 3, 4])
  const shown = withMac2(initiation, readCookie(message, initiation, cookieKey(theirKey)))
  assert.ok(hasMac2(shown) && !hasMac2(initiation))
  assert.ok(holdsMac2(shown, cookieFor(secret, { ...from, address: '2001:DB8:0::1' })))
  assert.ok(!holdsMac2(shown, cookieFor(secret, { ...from, port: 51_821 })))
  assert.ok(!holdsMac2(shown, cookieFor(secret, { ...from, address: '2001:db8::2' })))
  assert.ok(!holdsMac2(shown, cookieFor(Buffer.alloc(32, 2), from)))
  // mac1 and what it covers are what they were.
  assert.deepEqual(withoutMacs(shown, mac1Key(theirKey)), initiation.subarray(0, 128))
})

test('every changed bit of a cookie message is noticed, as is one for another initiation', () => {
  const ownCookieKey = cookieKey(theirKey)
  const message = writeCookie({
    datagram: initiation,
    cookie: Buffer.alloc(16, 5),
    ownCookieKey,
    nonce: range(0, 24),
  })
  // Reserved bytes and the index are not covered; whose it is tells mac1, which is the AAD.
  for (let bit = 64; bit < 512; bit += 3) {
    const bad = Buffer.from(message)
    bad[bit >> 3]! ^= 1 << (bit & 7)
    assert.throws(() => readCookie(bad, initiation, ownCookieKey), { code: 'WIRE_UNAUTHENTIC' })
  }
  const other = withMacs(Buffer.alloc(128, 0xd4), mac1Key(theirKey))
  assert.throws(() => readCookie(message, other, ownCookieKey), { code: 'WIRE_UNAUTHENTIC' })
  for (const size of [0, 8, 63, 65]) {
    const bad = Buffer.concat([message, Buffer.alloc(1)]).subarray(0, size)
    assert.throws(() => readCookie(bad, initiation, ownCookieKey), { code: /^WIRE_/ })
  }
})
