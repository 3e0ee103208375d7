/** STUN's checks and addresses against the vectors of RFC 5769, by our own reading of the raw bytes. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { decodeRequest, decodeResponse } from '../../firmware/wire/stun.ts'
import { isIntegrityRight, readFrame } from '../../firmware/wire/stun-frame.ts'
import file from './stun.json' with { type: 'json' }

interface Vector {
  readonly section: string
  readonly kind: string
  readonly message: string
  readonly password: string
  readonly user?: string
  readonly realm?: string
  readonly mapped?: { readonly address: string; readonly port: number }
}

/** RFC 8489 §9.1.1 and §9.2.2. */
function keyOf({ user, realm, password }: Vector): Uint8Array {
  if (user === undefined) return Buffer.from(password)
  return createHash('md5').update(`${user}:${realm}:${password}`).digest()
}

for (const vector of file.vectors as readonly Vector[]) {
  const message = Buffer.from(vector.message, 'hex')

  test(`§${vector.section}: fingerprint and message integrity hold, and no longer with any bit turned`, () => {
    const key = keyOf(vector)
    assert.ok(isIntegrityRight(message, key))
    assert.ok(!isIntegrityRight(message, Buffer.concat([key, Buffer.alloc(1, 1)])))
    const { attributes } = readFrame(message)!
    const integrity = attributes.at(-1)!
    const covered = integrity.at + 4 + 20
    // Not types and lengths: another attribute may swallow the fingerprint.
    const isValue = (at: number): boolean =>
      at < 20 || attributes.some((one) => at >= one.at + 4 && at < one.at + 4 + one.value.length)
    for (let bit = 0; bit < 8 * message.length; bit++) {
      const at = bit >> 3
      const bent = message.with(at, message[at]! ^ (1 << (bit & 7)))
      assert.ok(!isIntegrityRight(bent, key) || at >= covered, `bit ${bit}`)
      if (covered < message.length && isValue(at)) assert.equal(readFrame(bent), null, `bit ${bit}`)
    }
  })

  test(`§${vector.section}: what it says is read`, () => {
    if (vector.kind === 'response') {
      assert.deepEqual(decodeResponse(message)?.mapped, vector.mapped)
      assert.equal(decodeRequest(message), null)
    } else {
      const request = decodeRequest(message)!
      assert.deepEqual(request.change, { address: false, port: false })
      // PRIORITY, an attribute of ICE; credentials are passed over.
      assert.deepEqual(request.unknown, vector.section === '2.1' ? [0x0024] : [])
      assert.equal(decodeResponse(message), null)
    }
  })
}
