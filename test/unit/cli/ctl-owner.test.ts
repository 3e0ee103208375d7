/** What an owner has to keep, from a shell: a root off line, backups, a log that nobody can change unseen. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readEdge } from '../../../firmware/controller/edges.ts'
import { signDelegation } from '../../../firmware/host/pki/root.ts'
import { openLevelTable } from '../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { revisionFloorKey } from '../../../firmware/model/controller-keys.ts'
import { verifyJws } from '../../../firmware/wire/jws.ts'
import { writeExample } from './ctl-example.ts'
import { folder, newWorld, type World } from './ctl-world.ts'

const held = ({ controller, clock }: World): string[] =>
  controller.enrol.delegations.current(clock.nowMs)

test('a root that is kept off line delegates to the authority, and the controller says so', async () => {
  await using world = await newWorld('root')
  const owner = await world.person('root', '*', 'owner')
  const key = join(owner.root, 'root.key')
  const made = await owner.ctl('root', 'make', key)
  assert.equal(made.code, 0)
  assert.deepEqual(
    [statSync(key).mode & 0o777, statSync(`${key}.pub`).mode & 0o777],
    [0o600, 0o644],
  )
  assert.equal((await owner.ctl('root', 'make', key)).code, 4)
  assert.deepEqual(held(world), [])
  const certificate = join(folder, 'root/keys/owner.pem')
  const bundle = join(owner.root, 'delegation.json')
  const offline = world.stranger()
  const signed = await offline.ctl(
    ...['root', 'delegate', key, '--authority', certificate, '--out', bundle, '--days', '30'],
  )
  assert.deepEqual([signed.code, signed.err], [0, ''])
  assert.equal((await owner.ctl('root', 'install', bundle)).code, 0)
  const [delegation = ''] = held(world)
  const root = createPublicKey(readFileSync(`${key}.pub`))
  const said = (await verifyJws('causeway-delegation', delegation, [root])) as { ownerPin: string }
  assert.equal(said.ownerPin, world.fingerprint)
  const file = join(folder, 'root/keys/delegation.jws')
  assert.equal(readFileSync(file, 'utf8'), `${delegation}\n`)
  // In one step, where the root is at hand.
  assert.equal((await owner.ctl('root', 'delegate', key)).code, 0)
  assert.equal(held(world).length, 1)
  assert.notEqual(held(world)[0], delegation)
  // A root that is to follow it stands beside it until the first one has ended.
  const later = join(owner.root, 'later.key')
  await owner.ctl('root', 'make', later)
  assert.equal((await owner.ctl('root', 'delegate', later, '--days', '7000')).code, 0)
  assert.equal(held(world).length, 2)
  assert.equal(
    readFileSync(file, 'utf8'),
    held(world)
      .map((one) => `${one}\n`)
      .join(''),
  )
  world.clock.nowMs += 3_651 * 86_400_000
  assert.equal(held(world).length, 1)
  for (let at = 0; at < 4; at++) {
    const path = join(owner.root, `${at}.key`)
    await owner.ctl('root', 'make', path)
    const { delegation: text, root: pem } = await signDelegation(
      path,
      readFileSync(certificate, 'utf8'),
      1,
      world.clock.nowMs,
    )
    await world.controller.enrol.delegations.add(text, createPublicKey(pem), world.clock.nowMs)
  }
  assert.equal(held(world).length, 4)
})

test("another owner's delegation, one that has ended, and one of another root are refused", async () => {
  await using world = await newWorld('foreign')
  await using other = await newWorld('foreign-other')
  const owner = await world.person('root', '*', 'owner')
  const [key, second] = [join(owner.root, 'a.key'), join(owner.root, 'b.key')]
  for (const path of [key, second]) await owner.ctl('root', 'make', path)
  const signed = async (
    of: string,
    days: string,
  ): Promise<{ delegation: string; root: string }> => {
    const certificate = join(folder, `${of}/keys/owner.pem`)
    const argv = ['root', 'delegate', key, '--authority', certificate, '--days', days]
    return JSON.parse((await owner.ctl(...argv)).out) as { delegation: string; root: string }
  }
  const install = async (bundle: object): Promise<string> => {
    const path = join(owner.root, 'bundle')
    writeFileSync(path, JSON.stringify(bundle))
    const { code, err } = await owner.ctl('root', 'install', path)
    return `${code} ${err.split(' ')[0]}`
  }
  assert.equal(await install(await signed('foreign-other', '1')), '4 ZTP_VOUCHER_FOREIGN')
  const good = await signed('foreign', '1')
  const root = readFileSync(`${second}.pub`, 'utf8')
  assert.equal(await install({ ...good, root }), '1 WIRE_UNAUTHENTIC')
  world.clock.nowMs += 2 * 86_400_000
  const late = await world.person('late', '*', 'owner')
  const path = join(late.root, 'bundle')
  writeFileSync(path, JSON.stringify(good))
  assert.match((await late.ctl('root', 'install', path)).err, /ZTP_VOUCHER_EXPIRED/)
  assert.deepEqual(held(other), [])
})

test('a backup, restored where there is nothing, is the fleet that it was', async () => {
  const backup = join(folder, 'fleet.backup')
  let root = ''
  {
    await using world = await newWorld('backup')
    const owner = await world.person('root', '*', 'owner')
    await owner.ctl('tenant', 'add', 'acme')
    await owner.ctl('apply', '-f', writeExample('backup-fleet'), '--yes')
    await owner.ctl('claim', 'ab'.repeat(32), 'berlin', '--listed')
    const saved = await owner.ctl('backup', backup)
    assert.match(saved.out, /fleet\.backup: \d+ entries, whole\n$/)
    assert.equal(statSync(backup).mode & 0o777, 0o600)
    const denied = await (await world.person('ada', 'acme', 'owner')).ctl('backup', `${backup}2`)
    assert.match(denied.err, /API_FORBIDDEN/)
    assert.equal(existsSync(`${backup}2`), false)
    const machine = world.stranger()
    root = machine.root
    const restored = await machine.ctl('restore', backup)
    assert.deepEqual([restored.code, restored.err], [0, ''])
    assert.match(restored.out, /tokens and sessions have ended.*\n.*users and passwords/)
    const again = await machine.ctl('restore', backup)
    assert.deepEqual([again.code, /STORE_NOT_EMPTY/.test(again.err)], [4, true])
  }
  const place = join(root, 'var/lib/causeway/main/store')
  await using store = await openStore(await openLevelTable(place))
  assert.equal((await readEdge(store, 'ab'.repeat(32)))?.site, 'berlin')
  assert.ok((await store.get('acme/doc/site/lisbon')) !== null)
  // Tokens may have been revoked since.
  assert.deepEqual((await store.range({ prefix: 'token/' })).entries, [])
  assert.ok((await store.get('user/root')) !== null)
  // What boxes have had since is below what they will be told.
  assert.deepEqual((await store.range({ prefix: 'config/' })).entries, [])
  assert.ok(Number((await store.get(revisionFloorKey))?.value) > 1_000_000)
})

test('half a backup is refused, and leaves nothing', async () => {
  await using world = await newWorld('half')
  const owner = await world.person('root', '*', 'owner')
  const whole = join(owner.root, 'whole')
  await owner.ctl('backup', whole)
  const half = join(owner.root, 'half')
  writeFileSync(half, readFileSync(whole, 'utf8').split('\n').slice(0, -2).join('\n'))
  const machine = world.stranger()
  const store = join(machine.root, 'var/lib/causeway/main/store')
  for (const [path, code] of [
    [half, 'STORE_CORRUPT'],
    [`${half}-that-is-not`, 'CONFIG_UNREADABLE'],
  ] as const) {
    const refused = await machine.ctl('restore', path)
    assert.equal(refused.err.split(' ')[0], code)
    assert.notEqual(refused.code, 0)
    assert.equal(existsSync(store), false)
  }
  assert.equal((await machine.ctl('restore', whole)).code, 0)
})

test('the log says who did what, and its chain is reckoned here', async () => {
  await using world = await newWorld('audit')
  const owner = await world.person('root', '*', 'owner')
  await owner.ctl('tenant', 'add', 'acme')
  await owner.ctl('apply', '-f', writeExample('audit-fleet'), '--yes')
  await owner.ctl('claim', 'ab'.repeat(32), 'berlin', '--listed')
  const listed = await owner.ctl('audit')
  assert.match(
    listed.out,
    /root {2}fleet\.apply {2}acme +add network\/acme, .* and \d more|add network/,
  )
  assert.match(listed.out, /root {2}edge\.list +device\/abab/)
  const whole = await owner.ctl('audit', '--verify')
  const [, head = ''] = /^2 entries, whole; head (\d+:[0-9a-f]{64})\n$/.exec(whole.out) ?? []
  assert.notEqual(head, '')
  await owner.ctl('release', 'abababab', '--yes')
  assert.equal((await owner.ctl('audit', '--verify', '--head', head)).code, 0)
  const key = 'acme/audit/000000000001'
  const entry = (await world.store.get(key))!
  const value = entry.value.replace('"root"', '"eve"')
  await world.store.commit({ conditions: [], changes: [{ key, value }] })
  const broken = await owner.ctl('audit', '--verify')
  assert.deepEqual(
    [broken.code, broken.err],
    [1, 'the log is broken at entry 2: it is not the one that was written\n'],
  )
})

test('a log that was written anew as a whole does not have the head that was noted', async () => {
  await using world = await newWorld('anew')
  const owner = await world.person('root', '*', 'owner')
  await owner.ctl('tenant', 'add', 'acme')
  const head = `1:${'ab'.repeat(32)}`
  const noted = await owner.ctl('audit', '--verify', '--tenant', 'system', '--head', head)
  assert.match(noted.err, /broken at entry 1: it is not the one that was noted/)
  const fewer = await owner.ctl('audit', '--verify', '--head', `7:${'ab'.repeat(32)}`)
  assert.match(fewer.err, /broken at entry 1: there were more when it was noted/)
})
