/** Passwords as they are kept: whatever was taken as one is right. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPasswords } from '../../../firmware/host/system/password.ts'

test('a long password is right as a whole, and wrong when its end is', async () => {
  const passwords = openPasswords()
  for (const password of ['😀'.repeat(150), 'x'.repeat(256)]) {
    const kept = await passwords.keep(password)
    assert.equal(await passwords.isRight(password, kept), true)
    assert.equal(await passwords.isRight(password.slice(0, -2), kept), false)
  }
})
