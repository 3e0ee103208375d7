/** The certificate that a controller shows: kept while it is good, whatever the controller is called; of the authority whose key is there. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openOwner } from '../../../firmware/controller/owner.ts'

const root = mkdtempSync(join(tmpdir(), 'causeway-owner-'))
after(() => rmSync(root, { recursive: true }))
const folderOf = (name: string): string => mkdtempSync(join(root, name))
const nowMs = Date.now()

for (const hosts of [['ctl.example'], ['192.0.2.7'], ['2001:db8::7', 'ctl.example']]) {
  test(`is kept from start to start, and anew for another name: ${hosts.join(', ')}`, async () => {
    const folder = folderOf('kept-')
    const { server, serverAt } = await openOwner(folder, hosts, nowMs)
    const again = await openOwner(folder, hosts, nowMs + 5_000)
    assert.equal(again.server.certificate, server.certificate)
    assert.equal((await serverAt(nowMs + 86_400_000)).certificate, server.certificate)
    for (const other of ['other.example', '192.0.2.8']) {
      const named = await openOwner(folder, [...hosts, other], nowMs)
      assert.notEqual(named.server.certificate, server.certificate)
    }
  })
}

test('is made anew where the keys of the owner were put beside one that another authority signed', async () => {
  const [saved, fresh] = [folderOf('saved-'), folderOf('fresh-')]
  const { authority } = await openOwner(saved, ['192.0.2.7'], nowMs)
  await openOwner(fresh, ['192.0.2.7'], nowMs)
  for (const file of ['owner.key', 'owner.pem']) copyFileSync(join(saved, file), join(fresh, file))
  const { server } = await openOwner(fresh, ['192.0.2.7'], nowMs)
  const issuer = new X509Certificate(authority.certificate)
  assert.ok(new X509Certificate(server.certificate).verify(issuer.publicKey))
})
