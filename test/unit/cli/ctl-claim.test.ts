/** A blank box that shows a code, and the person who types it at a shell: over real TLS, at both ends. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { attemptEnrol, type Owner } from '../../../firmware/gateway/enrol/attempt.ts'
import { openZtp } from '../../../firmware/host/link/ztp.ts'
import { openDeviceKey } from '../../../firmware/host/pki/device-key.ts'
import { folder, newWorld, type World } from './ctl-world.ts'

interface Blank {
  readonly deviceId: string
  readonly code: string
  readonly owner: Promise<Owner>
  /** Somebody at the box says that it is the right owner. */
  confirm(): void
}

/** A box without a root that calls, and shows its code. */
async function blank(world: World, name: string): Promise<Blank> {
  const key = await openDeviceKey(join(folder, `${name}.key`))
  const { publicKey } = generateKeyPairSync('x25519')
  const wireKey = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')
  const controller = { host: '127.0.0.1', port: world.port }
  const shown = Promise.withResolvers<string>()
  const asked = Promise.withResolvers<void>()
  let isConfirmed = false
  const owner = attemptEnrol({
    ...{ key, wireKey, keeping: 'software', firmware: 'test', imageRoots: [], ownRoots: [] },
    connect: (authorities) => openZtp({ controller, authorities, timeoutMs: 5_000 }),
    ...{ random: randomBytes, nowMs: () => world.clock.nowMs, onCode: shown.resolve },
    isConfirmed: () => isConfirmed,
    pause: () => {
      asked.resolve()
      return new Promise((passed) => setTimeout(passed, 20))
    },
  })
  owner.catch(() => {})
  const code = await shown.promise
  await asked.promise
  return {
    ...{ deviceId: key.deviceId, code, owner },
    confirm: () => {
      isConfirmed = true
    },
  }
}

test('a box waits with its code, which only the box shows; typed in, it is claimed', async () => {
  await using world = await newWorld('claim-code')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', 'acme')
  const box = await blank(world, 'claim-code-box')
  const waiting = await setup.ctl('waiting')
  assert.match(waiting.out, new RegExp(`^${box.deviceId.slice(0, 8)} {2}shows a code`, 'm'))
  for (const { out } of [waiting, await setup.ctl('waiting', '--json')]) {
    assert.ok(!out.includes(box.code) && !out.includes(box.code.replaceAll('-', '')))
  }
  const serial = box.deviceId.slice(0, 8).toUpperCase()
  const claimed = await setup.typing(
    `${box.code.toLowerCase()}\n`,
    'claim',
    serial,
    'berlin',
    '--code',
    '-',
  )
  assert.deepEqual([claimed.code, claimed.err], [0, ''])
  assert.match(claimed.out, /there is no document of berlin yet/)
  box.confirm()
  const { certificate } = await box.owner
  assert.match(certificate, /BEGIN CERTIFICATE/)
  assert.match(
    (await setup.ctl('edges')).out,
    new RegExp(`^berlin +${box.deviceId.slice(0, 8)}`, 'm'),
  )
})

test('five wrong codes shut a box, for the right one too, and each is in the log', async () => {
  await using world = await newWorld('claim-wrong')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', 'acme')
  const box = await blank(world, 'claim-wrong-box')
  const serial = box.deviceId.slice(0, 8)
  const wrong = box.code.startsWith('0') ? '1111-1111' : '0000-0000'
  const codes = []
  for (const code of [...Array(5).fill(wrong), box.code]) {
    const { code: exit, err } = await setup.ctl('claim', serial, 'berlin', '--code', code)
    assert.equal(exit, 4)
    codes.push(err.split(' ')[0])
  }
  assert.deepEqual(codes, [...Array(4).fill('ZTP_CODE_WRONG'), 'ZTP_LOCKED', 'ZTP_LOCKED'])
  assert.match((await setup.ctl('waiting')).out, /locked: too many wrong codes/)
  const { out } = await setup.ctl('audit')
  assert.equal(out.match(/refused: ZTP_/g)?.length, 6)
  // The attempt of the box ends with its code.
  world.clock.nowMs += 16 * 60_000
  await assert.rejects(box.owner)
})

test('a box that nobody knows is claimed ahead by its whole id alone, and never without a word', async () => {
  await using world = await newWorld('claim-ahead')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', 'acme')
  const part = await setup.ctl('claim', 'abababab', 'berlin', '--listed')
  assert.deepEqual(
    [part.code, /API_INVALID \/device: .*give the whole id/.test(part.err)],
    [4, true],
  )
  const silent = await setup.ctl('claim', 'ab'.repeat(32), 'berlin')
  assert.deepEqual([silent.code, /--code CODE is needed, or --listed/.test(silent.err)], [2, true])
})
