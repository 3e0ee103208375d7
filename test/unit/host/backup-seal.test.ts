/** A sealed backup: opened by its passphrase and nothing else, and every way in which it can be broken has its code. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBackup, sealBackup } from '../../../firmware/host/system/backup-seal.ts'

const passphrase = 'correct horse battery'
const text = Buffer.from('{"version":1}')

/** Made once by this code with random bytes of 1, 2, 3 …: what opens it today opens it in ten years. */
const vector =
  '43574241434b555001010001000003010102030405060708090a0b0c0d0e0f100102030405060708090a0b0c' +
  '6482738af6e575fb61b5d3a859cc9f3b0000001dd4f0699344530017952a28eadffca170b444ea1515528e10e65677fc05'

test('a backup opens with its passphrase, however its letters were composed', async () => {
  const file = await sealBackup(passphrase, text)
  assert.deepEqual(Buffer.from(await openBackup(passphrase, file)), text)
  const composed = await sealBackup('caf\u00e9 caf\u00e9 caf\u00e9', text)
  assert.deepEqual(
    Buffer.from(await openBackup('cafe\u0301 cafe\u0301 cafe\u0301', composed)),
    text,
  )
  assert.ok(!Buffer.from(file).includes('version'))
})

test('no two files of one text are alike', async () => {
  const [one, other] = [await sealBackup(passphrase, text), await sealBackup(passphrase, text)]
  assert.notDeepEqual(one.subarray(16, 44), other.subarray(16, 44))
  assert.notDeepEqual(one.subarray(64), other.subarray(64))
})

test('the form stays: a vector', async () => {
  const count = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, at) => at + 1)
  const file = Buffer.from(await sealBackup(passphrase, text, count))
  assert.equal(file.toString('hex'), vector)
  assert.deepEqual(Buffer.from(await openBackup(passphrase, Buffer.from(vector, 'hex'))), text)
})

test('what is not whole, not ours, of another release or changed is told apart', async () => {
  const file = Buffer.from(await sealBackup(passphrase, text))
  const bent = (at: number, value = file[at]! ^ 1): Buffer => {
    const copy = Buffer.from(file)
    copy[at] = value
    return copy
  }
  const cases: readonly [string, Buffer, string][] = [
    ['empty', Buffer.alloc(0), 'BACKUP_TRUNCATED'],
    ['the first bytes', file.subarray(0, 5), 'BACKUP_TRUNCATED'],
    ['a head alone', file.subarray(0, 64), 'BACKUP_TRUNCATED'],
    ['without its last byte', file.subarray(0, -1), 'BACKUP_TRUNCATED'],
    ['with one more', Buffer.concat([file, Buffer.alloc(1)]), 'BACKUP_INVALID'],
    ['a picture', Buffer.from('\x89PNG\r\n\x1a\n'.repeat(20), 'latin1'), 'BACKUP_INVALID'],
    ['of another version', bent(8, 2), 'BACKUP_VERSION'],
    ['that wants a terabyte', bent(10, 0x7f), 'BACKUP_INVALID'],
    ['that wants a year', bent(14, 255), 'BACKUP_INVALID'],
    ['with another salt', bent(20), 'BACKUP_PASSPHRASE'],
    ['with another check', bent(50), 'BACKUP_PASSPHRASE'],
    ['with another text', bent(70), 'BACKUP_BROKEN'],
    ['with another tag', bent(file.length - 1), 'BACKUP_BROKEN'],
  ]
  for (const [what, bytes, code] of cases) {
    await assert.rejects(openBackup(passphrase, bytes), { code }, what)
  }
  await assert.rejects(openBackup(`${passphrase}!`, file), {
    ...{ code: 'BACKUP_PASSPHRASE', path: '/passphrase' },
  })
})

test('one at a time: the memory of a box is small', async () => {
  const first = sealBackup(passphrase, text)
  await assert.rejects(sealBackup(passphrase, text), { code: 'API_BUSY' })
  await first
})
