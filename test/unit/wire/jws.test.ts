/** What is signed as one thing, by somebody who is trusted, and nothing else. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import { mostJwsBytes, signJws, verifyJws, verifyPayload } from '../../../firmware/wire/jws.ts'

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const one = pair()
const other = pair()

test('what was signed comes back, whoever of those that are trusted signed it', async () => {
  const text = await signJws('causeway-voucher', { a: 1 }, other.privateKey)
  assert.deepEqual(await verifyJws('causeway-voucher', text, [one.publicKey, other.publicKey]), {
    a: 1,
  })
})

test('who is not trusted has signed nothing', async () => {
  const text = await signJws('causeway-voucher', { a: 1 }, other.privateKey)
  for (const keys of [[], [one.publicKey]]) {
    await assert.rejects(verifyJws('causeway-voucher', text, keys), { code: 'WIRE_UNAUTHENTIC' })
  }
})

test('what was signed as something else is refused', async () => {
  const text = await signJws('causeway-config', { a: 1 }, one.privateKey)
  await assert.rejects(verifyJws('causeway-voucher', text, [one.publicKey]), {
    code: 'WIRE_INVALID',
  })
})

test('no letter of it can be changed', async () => {
  const text = await signJws('causeway-voucher', { a: 1 }, one.privateKey)
  for (let at = 0; at < text.length - 1; at++) {
    const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
    await assert.rejects(
      verifyJws('causeway-voucher', changed, [one.publicKey]),
      /WIRE_|trusted|signed/,
      `letter ${at}`,
    )
  }
})

test('other algorithms are not taken: none, and the public key as a secret', async () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = { typ: 'causeway-voucher' }
  for (const alg of ['none', 'HS256', 'RS256']) {
    const text = `${part({ ...head, alg })}.${part({ a: 1 })}.${Buffer.alloc(32).toString('base64url')}`
    await assert.rejects(verifyJws('causeway-voucher', text, [one.publicKey]), {
      code: 'WIRE_UNAUTHENTIC',
    })
  }
})

test('a header that asks for what nobody here understands is not taken, nor a key of another curve', async () => {
  const signed = (header: object, key: KeyObject): string => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${part(header)}.${part({ a: 1 })}`
    const by = { key, dsaEncoding: 'ieee-p1363' } as const
    return `${text}.${sign('sha256', Buffer.from(text), by).toString('base64url')}`
  }
  const head = { alg: 'ES256', typ: 'causeway-voucher' }
  const read = (text: string, key: KeyObject) => verifyJws('causeway-voucher', text, [key])
  assert.deepEqual(await read(signed(head, one.privateKey), one.publicKey), { a: 1 })
  const refused = { code: 'WIRE_UNAUTHENTIC' }
  const critical = signed({ ...head, crit: ['b64'], b64: false }, one.privateKey)
  await assert.rejects(read(critical, one.publicKey), refused)
  const wide = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  await assert.rejects(read(signed(head, wide.privateKey), wide.publicKey), refused)
  await assert.rejects(read(signed([], one.privateKey), one.publicKey), refused)
})

test('what is none, or too long, is refused before anything is looked at', async () => {
  for (const text of ['', 'a.b', 'a.b.c.d', 'ä.b.c', 'a'.repeat(mostJwsBytes + 1)]) {
    await assert.rejects(verifyJws('causeway-voucher', text, [one.publicKey]), {
      code: 'WIRE_INVALID',
    })
  }
})

test('a head and a signature beside a known payload are read as they are verified, or not at all', async () => {
  const payload = '{"a":1}'
  const text = await signJws('causeway-config', payload, one.privateKey)
  const [head, , signature] = text.split('.') as [string, string, string]
  const read = (parts: { head: string; signature: string }) =>
    verifyPayload('causeway-config', parts, payload, [one.publicKey])
  await read({ head, signature })
  // Each has the low byte of a letter of base64url, which whoever decodes passes over.
  const folded = head.replace('e', '\u0165')
  assert.notEqual(folded, head)
  const invalid = { code: 'WIRE_INVALID' }
  for (const wrong of [folded, `${head}\u0141`, `${head}=`, '']) {
    await assert.rejects(read({ head: wrong, signature }), invalid)
  }
  for (const wrong of [`${signature}\n`, `${signature}\u0141`, `\u0141${signature}`, '']) {
    await assert.rejects(read({ head, signature: wrong }), invalid)
  }
  const other = Buffer.from('{"alg":"ES256","typ":"causeway-voucher"}').toString('base64url')
  await assert.rejects(read({ head: other, signature }), { code: 'WIRE_UNAUTHENTIC' })
})
