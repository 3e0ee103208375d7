/** The web UI as files in memory: what is taken of a folder, and in which form it is sent. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { encodingFor, readPages } from '../../../../firmware/host/web/pages.ts'

const folder = await mkdtemp(join(tmpdir(), 'cwweb-'))
after(() => rm(folder, { recursive: true }))
await mkdir(join(folder, 'assets'))
const script = 'export const answer = 42\n'.repeat(50)
await writeFile(join(folder, 'index.html'), '<!doctype html>')
await writeFile(join(folder, 'assets/app-Bq3xK91z.js'), script)
await writeFile(join(folder, 'assets/app-Bq3xK91z.js.br'), 'made by the build')
await writeFile(join(folder, 'assets/app-Bq3xK91z.js.map'), '{}')
await writeFile(join(folder, 'assets/a:b.js'), '')
await writeFile(join(folder, '.secret.json'), '{}')
await symlink('/etc/passwd', join(folder, 'passwd.html'))

test('a page is a file by its plain name: no link, no hidden file, no other kind', async () => {
  const pages = await readPages(folder)
  assert.deepEqual(
    pages.map(({ url, type, isImmutable }) => [url, type, isImmutable]),
    [
      ['/assets/app-Bq3xK91z.js', 'text/javascript; charset=utf-8', true],
      ['/', 'text/html; charset=utf-8', false],
    ],
  )
  assert.deepEqual(await readPages(join(folder, 'nowhere')), [])
})

test('it is there in the forms that browsers read, as the build made them or made here', async () => {
  const [app, index] = await readPages(folder)
  assert.equal(app!.bodies.br!.toString(), 'made by the build')
  assert.equal(gunzipSync(app!.bodies.gzip!).toString(), script)
  assert.equal(brotliDecompressSync(index!.bodies.br!).toString(), '<!doctype html>')
  assert.notEqual(app!.etag, index!.etag)
})

test('the best form is chosen of those that are accepted', async () => {
  const [app] = await readPages(folder)
  for (const [accepted, wanted] of [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip;q=1.0, br;q=0', 'gzip'],
    ['GZIP', 'gzip'],
    ['br;q=0.0, gzip;q=0', 'identity'],
    ['*', 'identity'],
    ['', 'identity'],
    [undefined, 'identity'],
  ] as const) {
    assert.equal(encodingFor(app!, accepted), wanted, String(accepted))
  }
})
