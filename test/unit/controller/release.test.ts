/** A box that its owner lets go, or replaces: over real links, with the certificate that it was given. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import type { ControllerMessage } from '../../../firmware/model/control-link.ts'
import { isRelease } from '../../../firmware/model/voucher.ts'
import { verifyJws } from '../../../firmware/wire/jws.ts'
import { enrolled, owned } from './claimed-box.ts'

const isConfig = ({ kind }: ControllerMessage): boolean => kind === 'config'

test('a released box loses its link, is told why by a signed word, and gets no other link', async () => {
  const { world, owner, root } = await owned('release')
  await using _ = world
  const box = await enrolled(world, root, 'lisbon', (id) =>
    owner.ctl('claim', id, 'lisbon', '--listed'),
  )
  const { link, said, ended } = await box.call(0, isConfig)
  assert.ok(said.some(isConfig))
  const released = await owner.ctl('release', box.deviceId.slice(0, 8), '--yes')
  assert.match(released.out, new RegExp(`^${box.deviceId} was released from lisbon\n`))
  assert.equal(await ended, 4_003)
  link.close(1_000, 'done')
  const word = said.find(({ kind }) => kind === 'released')
  assert.ok(word?.kind === 'released')
  const keys = [new X509Certificate(box.authority).publicKey]
  const release = await verifyJws('causeway-release', word.release, keys)
  assert.ok(isRelease(release))
  assert.equal(release.deviceId, box.deviceId)
  // It is told again, and by its certificate nothing else can be had.
  const again = await box.call(1, () => false)
  assert.deepEqual([again.said.map(({ kind }) => kind), await again.ended], [['released'], 4_003])
  assert.doesNotMatch((await owner.ctl('edges')).out, /lisbon/)
  const twice = await owner.ctl('release', box.deviceId, '--yes')
  assert.match(twice.err, /API_NOT_FOUND/)
})

test("the other sites hear that it is gone, and its key is nobody's any more", async () => {
  const { world, owner, root } = await owned('gone')
  await using _ = world
  const peersOf = async (deviceId: string): Promise<readonly string[] | null> => {
    const entry = await world.store.get(`config/${deviceId}`)
    if (entry === null) return null
    const { jws } = JSON.parse(entry.value) as { jws: string }
    const signed = JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString()) as {
      config: { peers: { name: string }[] }
    }
    return signed.config.peers.map(({ name }) => name)
  }
  const claimed = (site: string) => (id: string) => owner.ctl('claim', id, site, '--listed')
  const berlin = await enrolled(world, root, 'berlin', claimed('berlin'))
  const lisbon = await enrolled(world, root, 'lisbon', claimed('lisbon'))
  const until = async (peers: readonly string[]): Promise<void> => {
    const revision = await world.store.revision()
    using watch = world.store.watch('config/', revision)
    if (String(await peersOf(berlin.deviceId)) === String(peers)) return
    for await (const _change of watch) {
      if (String(await peersOf(berlin.deviceId)) === String(peers)) return
    }
  }
  await until(['lisbon'])
  await owner.ctl('release', lisbon.deviceId, '--yes')
  await until([])
  assert.equal(await peersOf(lisbon.deviceId), null)
})

test('a site has one box: another one is refused, or takes its place', async () => {
  const { world, owner, root } = await owned('replace')
  await using _ = world
  const claim = (id: string, ...more: string[]) =>
    owner.ctl('claim', id, 'lisbon', '--listed', ...more)
  const old = await enrolled(world, root, 'old', (id) => claim(id))
  const { ended } = await old.call(0, isConfig)
  const refused = await claim('cd'.repeat(32))
  assert.deepEqual([refused.code, /ZTP_SITE_TAKEN/.test(refused.err)], [4, true])
  const replacing = await enrolled(world, root, 'new', (id) => claim(id, '--replace'))
  assert.equal(await ended, 4_003)
  const { said, link } = await replacing.call(0, isConfig)
  assert.ok(said.some(isConfig))
  link.close(1_000, 'done')
  const { edges } = JSON.parse((await owner.ctl('edges', '--json')).out) as {
    edges: { deviceId: string }[]
  }
  assert.deepEqual(
    edges.map(({ deviceId }) => deviceId),
    [replacing.deviceId],
  )
})

test('a released box may be claimed again, here too', async () => {
  const { world, owner, root } = await owned('again')
  await using _ = world
  const claim = (id: string) => owner.ctl('claim', id, 'lisbon', '--listed')
  const box = await enrolled(world, root, 'box', claim)
  await owner.ctl('release', box.deviceId, '--yes')
  const anew = await enrolled(world, root, 'box', claim)
  assert.equal(anew.deviceId, box.deviceId)
  const { said, link } = await anew.call(0, isConfig)
  assert.ok(said.some(isConfig))
  link.close(1_000, 'done')
})

test('a box that had a later configuration than the controller knows of is told the next one above it', async () => {
  const { world, owner, root } = await owned('later')
  await using _ = world
  const box = await enrolled(world, root, 'box', (id) =>
    owner.ctl('claim', id, 'lisbon', '--listed'),
  )
  const first = await box.call(0, isConfig)
  first.link.close(1_000, 'done')
  const { said, link } = await box.call(41, isConfig)
  const config = said.find(isConfig)
  assert.ok(config?.kind === 'config')
  assert.equal(config.revision, 42)
  const keys = [new X509Certificate(box.authority).publicKey]
  const signed = (await verifyJws('causeway-config', config.jws, keys)) as {
    revision: number
    config: { revision: number; site: string }
  }
  assert.deepEqual(
    [signed.revision, signed.config.revision, signed.config.site],
    [42, 42, 'lisbon'],
  )
  link.close(1_000, 'done')
})

test('a box that is in no registry, though its owner signed its certificate, gets no link at all', async () => {
  const { world, owner, root } = await owned('unknown')
  await using _ = world
  const box = await enrolled(world, root, 'box', (id) =>
    owner.ctl('claim', id, 'lisbon', '--listed'),
  )
  const gone = [`edge/${box.deviceId}`].map((key) => ({ key, value: null }))
  await world.store.commit({ conditions: [], changes: gone })
  await assert.rejects(
    box.call(0, () => true),
    { code: 'LINK_REFUSED' },
  )
})
