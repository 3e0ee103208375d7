/** Users, tokens and sessions from a shell: what ends them, and that nothing secret is said anywhere. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { runCtl } from '../../../firmware/cli/ctl.ts'
import { askController } from '../../../firmware/host/link/controller-client.ts'
import { folder, newWorld, password } from './ctl-world.ts'

const dayMs = 86_400_000

interface Account {
  readonly token: string
}

test('a session ends by time, by another password, and with its user', async () => {
  await using world = await newWorld('sessions')
  const root = await world.person('root', '*', 'owner')
  const ada = await world.person('ada', 'acme', 'auditor')
  assert.equal((await ada.ctl('who')).code, 0)
  const changed = await root.typing('another long password\n', 'user', 'password', 'ada')
  assert.deepEqual([changed.code, changed.err], [0, ''])
  assert.match((await ada.ctl('who')).err, /API_UNAUTHENTICATED/)
  const bob = await world.person('bob', 'acme', 'auditor')
  assert.equal((await root.ctl('user', 'remove', 'bob', '--yes')).code, 0)
  assert.match((await bob.ctl('who')).err, /API_UNAUTHENTICATED/)
  // One of the same name is somebody else.
  await world.person('bob', 'acme', 'auditor')
  assert.match((await bob.ctl('who')).err, /API_UNAUTHENTICATED/)
  world.clock.nowMs += dayMs
  assert.match((await root.ctl('who')).err, /API_UNAUTHENTICATED/)
})

test('a password is changed by who knows it, not by who has found a session', async () => {
  await using world = await newWorld('own-password')
  const ada = await world.person('ada', 'acme', 'auditor')
  const { token } = JSON.parse(readFileSync(join(ada.root, 'ctl.json'), 'utf8')) as Account
  const change = (body: object): Promise<unknown> =>
    askController({
      ...{ controller: { host: '127.0.0.1', port: world.port }, authority: null, token, body },
      ...{ method: 'POST', path: '/api/v1/users/ada/password', timeoutMs: 10_000 },
    })
  const wanted = 'another long password'
  await assert.rejects(change({ password: wanted }), { code: 'API_INVALID', path: '/old' })
  const wrong = { password: wanted, old: 'not the old one' }
  await assert.rejects(change(wrong), { code: 'API_UNAUTHENTICATED' })
  assert.equal((await ada.ctl('who')).code, 0)
  const changed = await ada.typing(`${password}\n${wanted}\n`, 'user', 'password', 'ada')
  assert.deepEqual([changed.code, changed.err], [0, ''])
  assert.match((await ada.ctl('who')).err, /API_UNAUTHENTICATED/)
})

test('the last owner of all cannot be taken away', async () => {
  await using world = await newWorld('last')
  const root = await world.person('root', '*', 'owner')
  const refused = await root.ctl('user', 'remove', 'root', '--yes')
  assert.deepEqual([refused.code, /API_LAST_OWNER/.test(refused.err)], [4, true])
  await world.person('second', '*', 'owner')
  assert.equal((await root.ctl('user', 'remove', 'root', '--yes')).code, 0)
})

test('a token works until its day or until it is revoked, and is listed without being shown', async () => {
  await using world = await newWorld('tokens')
  const root = await world.person('root', '*', 'owner')
  await root.ctl('tenant', 'add', 'acme')
  const made = await root.ctl('token', 'add', 'ci', '--role', 'admin', '--days', '2')
  const token = made.out.trim()
  assert.match(token, /^cw_[\w-]{43}$/)
  const program = world.stranger()
  const file = join(program.root, 'token')
  writeFileSync(file, token, { mode: 0o600 })
  const address = ['sign-in', `127.0.0.1:${world.port}`, '--fingerprint', world.fingerprint]
  const signed = await program.ctl(...address, '--token-file', file)
  assert.match(signed.out, /as token\/ci: admin of acme/)
  const { out } = await root.ctl('token', 'list')
  assert.ok(!out.includes(token))
  const [, id = ''] = /^([0-9a-f]{16}) {2}ci /m.exec(out) ?? []
  assert.equal((await root.ctl('token', 'revoke', id)).code, 0)
  assert.match((await program.ctl('who')).err, /API_UNAUTHENTICATED/)
  assert.match((await root.ctl('token', 'revoke', id)).err, /API_NOT_FOUND/)
  writeFileSync(file, (await root.ctl('token', 'add', 'ci', '--role', 'admin', '--days', '2')).out)
  await program.ctl(...address, '--token-file', file)
  assert.equal((await program.ctl('who')).code, 0)
  world.clock.nowMs += 2 * dayMs
  assert.match((await program.ctl('who')).err, /API_UNAUTHENTICATED/)
})

test('a token that others can read is not taken', async () => {
  await using world = await newWorld('open')
  const ada = world.stranger()
  const file = join(ada.root, 'token')
  writeFileSync(file, 'cw_x', { mode: 0o644 })
  const address = ['sign-in', `127.0.0.1:${world.port}`, '--fingerprint', world.fingerprint]
  assert.match((await ada.ctl(...address, '--token-file', file)).err, /STORE_KEY_PERMISSIONS/)
})

test('who guesses has to wait longer each time, and is told so', async () => {
  await using world = await newWorld('guess')
  await world.person('ada', '*', 'owner')
  const eve = world.stranger()
  const address = ['sign-in', `127.0.0.1:${world.port}`, '--fingerprint', world.fingerprint]
  const guess = async (typed: string) =>
    (await eve.typing(`ada\n${typed}\n`, ...address)).err.split(' ')[0]
  const codes = []
  for (let round = 0; round < 6; round++) codes.push(await guess('wrong'))
  assert.deepEqual(codes, [...Array(5).fill('API_UNAUTHENTICATED'), 'API_RATE'])
  assert.equal(await guess(password), 'API_RATE')
  world.clock.nowMs += 2_000
  assert.equal(await guess(password), '')
})

test('no password and no token is in a log, in the store, in arguments or in what is printed', async () => {
  await using world = await newWorld('secrets')
  const root = await world.person('root', '*', 'owner')
  await root.ctl('tenant', 'add', 'acme')
  const added = await root.typing(`${password}!\n`, 'user', 'add', 'ada', '--role', 'admin')
  const made = await root.ctl('token', 'add', 'ci', '--role', 'admin')
  const own = JSON.parse(readFileSync(join(root.root, 'ctl.json'), 'utf8')) as { token: string }
  const secrets = [password, `${password}!`, made.out.trim(), own.token]
  const backup = join(root.root, 'backup')
  await root.ctl('backup', backup)
  const said = [
    ...[added.out, added.err, made.err, world.log.join('\n'), readFileSync(backup, 'utf8')],
    ...[(await root.ctl('audit', '--tenant', 'system', '--all', '--json')).out],
    ...[(await root.ctl('audit', '--tenant', 'acme', '--all', '--json')).out],
  ]
  for (const text of said) for (const secret of secrets) assert.ok(!text.includes(secret))
  for (const name of readdirSync(join(folder, 'secrets/store'))) {
    const bytes = readFileSync(join(folder, 'secrets/store', name))
    for (const secret of secrets) assert.ok(!bytes.includes(secret), name)
  }
})

test('ps shows nobody a password: it comes by standard input alone', async () => {
  await using world = await newWorld('ps')
  await world.controller.users.add('setup', {
    ...({ name: 'ada', tenant: '*', role: 'owner', password } as const),
  })
  const { root } = world.stranger()
  const main = join(import.meta.dirname, '../../../firmware/main.ts')
  const argv = ['ctl', 'sign-in', `127.0.0.1:${world.port}`, '--fingerprint', world.fingerprint]
  const child = spawn(process.execPath, [main, ...argv, '--root', root])
  child.stdin.write('ada\n')
  const arguments_ = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')
  child.stdin.end(`${password}\n`)
  const said = (await child.stdout.toArray()).join('')
  assert.match(said, /signed in to/)
  assert.ok(!arguments_.includes(password))
})

test('at a terminal what is secret is asked for and not shown', async () => {
  await using world = await newWorld('terminal')
  await world.controller.users.add('setup', {
    ...({ name: 'ada', tenant: '*', role: 'owner', password } as const),
  })
  const { root } = world.stranger()
  const raw: boolean[] = []
  const typed = [`y\n`, 'ada\n', `${password}x\u007f\r`].map((text) => Buffer.from(text))
  const input = Object.assign(Readable.from(typed), {
    ...{ isTTY: true, setRawMode: (isRaw: boolean) => raw.push(isRaw) },
  })
  let shown = ''
  const output = {
    out: (text: string) => {
      shown += text
    },
    err: (text: string) => {
      shown += text
    },
  }
  const argv = ['sign-in', `127.0.0.1:${world.port}`, '--root', root]
  assert.equal(await runCtl(argv, output, input, {}), 0)
  assert.ok(shown.includes(world.fingerprint))
  assert.match(shown, /user: password: \nsigned in/)
  assert.deepEqual(raw, [true, false])
  assert.ok(!shown.includes(password))
})

test('a tenant is taken away once nothing is left of it', async () => {
  await using world = await newWorld('tenant-remove')
  const setup = await world.setup()
  assert.equal((await setup.ctl('tenant', 'add', 'acme')).out, 'made: acme\n')
  await setup.ctl('claim', 'ab'.repeat(32), 'berlin', '--listed', '--ahead')
  const ada = await world.person('ada', 'acme', 'owner')
  assert.match((await ada.ctl('tenant', 'remove', 'acme', '--yes')).err, /API_FORBIDDEN/)
  const full = await setup.ctl('tenant', 'remove', 'acme', '--yes')
  assert.deepEqual([full.code, full.out], [4, ''])
  assert.match(full.err, /STORE_NOT_EMPTY acme has 1 boxes, 1 users still/)
  await setup.ctl('release', 'ab'.repeat(32), '--yes')
  await setup.ctl('user', 'remove', 'ada', '--yes')
  const gone = await setup.ctl('tenant', 'remove', 'acme', '--yes')
  assert.deepEqual([gone.out, gone.err], ['removed\n', ''])
  assert.equal((await setup.ctl('tenant', 'list')).out, 'there are no tenants yet\n')
  assert.match((await setup.ctl('audit', '--tenant', 'system')).out, /tenant\.remove +tenant\/acme/)
})

test('a sign-in ends the session that was kept before, and keeps the tenant', async () => {
  await using world = await newWorld('sign-in-again')
  const setup = await world.setup()
  for (const name of ['acme', 'other']) await setup.ctl('tenant', 'add', name)
  const ada = await world.person('ada', '*', 'owner')
  const sessions = async () => (await setup.ctl('token', 'list')).out.match(/signed in/g)?.length
  assert.equal(await sessions(), 1)
  const address = `127.0.0.1:${world.port}`
  const how = ['--fingerprint', world.fingerprint, '--tenant', 'other']
  assert.equal((await ada.typing(`ada\n${password}\n`, 'sign-in', address, ...how)).code, 0)
  assert.equal(await sessions(), 1)
  assert.match((await ada.ctl('who')).out, /owner of all tenants, now other\n/)
  assert.equal((await ada.ctl('get')).code, 0)
})
