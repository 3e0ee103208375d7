/** Who may log in: by the keys of the configuration, and nobody without them. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openLogins } from '../../../firmware/host/appliance/logins.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'

function world(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-logins-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'ssh/authorized_keys')
  const told: string[] = []
  let failures = 0
  const logins = openLogins(path, async (argv) => {
    told.push(argv.slice(-2).join(' '))
    if (failures-- > 0) throw new CausewayError('HOST_COMMAND_FAILED', 'refused by the test')
  })
  const failNext = (): void => {
    failures = 1
  }
  return { path, told, logins, failNext }
}

test('keys open the door, no keys close it, and the same ones change nothing', async (context) => {
  const { path, told, logins } = world(context)
  await logins.admit(['ssh-ed25519 AAAA one', 'ssh-ed25519 BBBB two'])
  assert.equal(readFileSync(path, 'utf8'), 'ssh-ed25519 AAAA one\nssh-ed25519 BBBB two\n')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  await logins.admit(['ssh-ed25519 AAAA one', 'ssh-ed25519 BBBB two'])
  await logins.admit(['ssh-ed25519 BBBB two'])
  assert.equal(readFileSync(path, 'utf8'), 'ssh-ed25519 BBBB two\n')
  await logins.admit([])
  assert.equal(existsSync(path), false)
  assert.deepEqual(told, ['start ssh.service', 'start ssh.service', 'stop ssh.service'])
})

test('a gateway that begins without keys closes what another one left open', async (context) => {
  const { told, logins } = world(context)
  await logins.admit([])
  await logins.admit([])
  assert.deepEqual(told, ['stop ssh.service'])
})

test('what failed is tried again', async (context) => {
  const { told, logins, failNext } = world(context)
  failNext()
  await assert.rejects(logins.admit(['ssh-ed25519 AAAA one']), { code: 'HOST_COMMAND_FAILED' })
  await logins.admit(['ssh-ed25519 AAAA one'])
  assert.equal(told.length, 2)
})
