/** How boxes fetch firmware from a controller, over TLS: who may, from which byte on, and what stays on the disk. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FirmwareFolder } from '../../../firmware/host/firmware/files.ts'
import { download } from '../../../firmware/host/link/download.ts'
import { makeAuthority } from '../../../firmware/host/pki/certificate.ts'
import { firmwarePath } from '../../../firmware/model/firmware-order.ts'
import { folder, write } from '../cli/ctl-world.ts'
import { pair } from '../gateway/enrol/desk.ts'
import { enrolled, owned } from './claimed-box.ts'
import { firmwareFile } from './firmware-sample.ts'

const limited = { timeout: 30_000 }
const dayMs = 86_400_000

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

test(
  'a box with a certificate fetches a file from any byte on, and nobody else does',
  limited,
  async () => {
    const { world, owner, root } = await owned('files')
    await using _ = world
    const bytes = firmwareFile({ version: '0.2.0' })
    const file = write('files/causeway.raucb', '')
    writeFileSync(file, bytes)
    assert.equal((await owner.ctl('firmware', 'add', file)).code, 0)
    const box = await enrolled(world, root, 'lisbon', (id) =>
      owner.ctl('claim', id, 'lisbon', '--listed'),
    )
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const from = (at: number, more: object = {}) =>
      whole(
        download({
          ...{ controller: { host: '127.0.0.1', port: world.port }, own: box.own },
          ...{ authorities: [box.authority], path: firmwarePath(sha256), from: at },
          ...{ timeoutMs: 5_000, ...more },
        }),
      )
    assert.ok((await from(0)).equals(bytes))
    assert.ok((await from(123_456)).equals(bytes.subarray(123_456)))
    await assert.rejects(from(bytes.length), { code: 'API_INVALID' })
    await assert.rejects(from(0, { path: firmwarePath('0'.repeat(64)) }), { code: 'API_NOT_FOUND' })
    await assert.rejects(from(0, { path: '/firmware/v1/..%2f..%2fkeys%2fowner.key' }), {
      code: 'API_NOT_FOUND',
    })
    const other = await makeAuthority(pair(), 'other', 30, Date.now())
    await assert.rejects(from(0, { authorities: [other.certificate] }), { code: 'LINK_UNTRUSTED' })
    const { privateKey } = pair()
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const foreign = { key, certificate: other.certificate }
    await assert.rejects(from(0, { own: foreign }))
    world.clock.nowMs += 31 * dayMs
    await assert.rejects(from(0), { code: 'API_FORBIDDEN' })
    world.clock.nowMs -= 31 * dayMs
    await owner.ctl('release', box.deviceId, '--yes')
    await assert.rejects(from(0), { code: 'API_FORBIDDEN' })
  },
)

test('what breaks off or is no firmware leaves nothing on the disk', limited, async () => {
  const path = join(folder, 'broken-files')
  const files = new FirmwareFolder(path)
  await assert.rejects(files.needRoom(2 ** 60), { code: 'STORE_WRITE_FAILED' })
  await files.needRoom(1_000)
  const broken = (async function* () {
    yield new Uint8Array(1_000)
    throw new Error('it broke off')
  })()
  await assert.rejects(files.save(broken, ({ keep }) => keep()))
  assert.deepEqual(readdirSync(path), [])
  const kept = await files.save(
    (async function* () {
      yield Buffer.from('whole')
    })(),
    async ({ sha256, read, keep }) => {
      assert.equal(Buffer.from(await read(1, 3)).toString(), 'hol')
      await keep()
      return sha256
    },
  )
  assert.deepEqual(await files.list(), [kept])
  // As a crash leaves it.
  writeFileSync(join(path, 'abc.tmp'), 'half')
  await files.clear()
  assert.equal(readdirSync(path).length, 1)
})
