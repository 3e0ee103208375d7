/** What two people compare: the same for the same parts, another for any other, and read as people type. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  claimCode,
  commitTo,
  isCommitted,
  readClaimCode,
} from '../../../firmware/wire/claim-code.ts'

const parts = {
  deviceId: '11'.repeat(32),
  ownerPin: '22'.repeat(32),
  deviceSecret: Buffer.alloc(32, 3),
  controllerNonce: Buffer.alloc(32, 4),
}

test('the code is eight characters that are hard to mistake, and always the same of the same', () => {
  assert.match(claimCode(parts), /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/)
  assert.equal(claimCode(parts), claimCode({ ...parts }))
})

test('another device, authority, secret or nonce gives another code', () => {
  const others = [
    { ...parts, deviceId: `${'11'.repeat(31)}12` },
    { ...parts, ownerPin: `${'22'.repeat(31)}23` },
    { ...parts, deviceSecret: Buffer.alloc(32, 5) },
    { ...parts, controllerNonce: Buffer.alloc(32, 5) },
  ]
  assert.equal(new Set([parts, ...others].map(claimCode)).size, 5)
})

test('codes are spread over all letters', () => {
  const seen = new Set<string>()
  for (let round = 0; round < 500; round++) {
    for (const letter of claimCode({ ...parts, deviceSecret: randomBytes(32) }).replace('-', ''))
      seen.add(letter)
  }
  assert.equal(seen.size, 32)
})

test('a commitment fits its secret alone', () => {
  assert.ok(isCommitted(commitTo(parts.deviceSecret), parts.deviceSecret))
  assert.ok(!isCommitted(commitTo(parts.deviceSecret), parts.controllerNonce))
  assert.ok(!isCommitted(Buffer.alloc(3), parts.deviceSecret))
})

test('a code is read as people type it', () => {
  for (const typed of ['7k3m-q9xa', '7K3M Q9XA', ' 7k3mq9xa '])
    assert.equal(readClaimCode(typed), '7K3M-Q9XA')
  assert.equal(readClaimCode('oOiI-lL00'), '0011-1100')
  for (const typed of ['', '7K3M-Q9X', '7K3M-Q9XAA', '7K3M-Q9XU', 'x'.repeat(1_000)])
    assert.equal(readClaimCode(typed), null)
})
