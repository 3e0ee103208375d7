/** A blank box that shows a code, and the person who types it at a shell: over real TLS, at both ends. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { attemptEnrol, type Owner } from '../../../firmware/gateway/enrol/attempt.ts'
import { openZtp } from '../../../firmware/host/link/ztp.ts'
import { openDeviceKey } from '../../../firmware/host/pki/device-key.ts'
import { writeExample } from './ctl-example.ts'
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
    ...{ onPassedOver: () => {}, anewInMs: () => Infinity },
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
    '--ahead',
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
    const { code: exit, err } = await setup.ctl(
      'claim',
      serial,
      'berlin',
      '--ahead',
      '--code',
      code,
    )
    assert.equal(exit, 4)
    codes.push(err.split(' ')[0])
  }
  assert.deepEqual(codes, [...Array(4).fill('ZTP_CODE_WRONG'), 'ZTP_LOCKED', 'ZTP_LOCKED'])
  assert.match((await setup.ctl('waiting')).out, /locked: too many wrong codes/)
  const { out } = await setup.ctl('audit')
  assert.equal(out.match(/refused: ZTP_/g)?.length, 6)
  // Whoever stands before the box is told as well, and until when.
  await assert.rejects(box.owner, {
    code: 'ZTP_LOCKED',
    message: /for 60 minutes, until \d\d:\d\d UTC/,
  })
  const ada = await world.person('ada', 'acme', 'owner')
  assert.match((await ada.ctl('unlock', serial)).err, /API_FORBIDDEN/)
  assert.equal((await setup.ctl('unlock', serial)).out, `${box.deviceId} can be claimed again\n`)
  assert.match((await setup.ctl('audit', '--tenant', 'system')).out, /edge\.unlock {2}device/)
  const again = await blank(world, 'claim-wrong-box')
  const claimed = await setup.ctl('claim', serial, 'berlin', '--ahead', '--code', again.code)
  assert.deepEqual([claimed.code, claimed.err], [0, ''])
  again.confirm()
  await again.owner
})

test('a box that nobody knows is claimed ahead by its whole id alone, and never without a word', async () => {
  await using world = await newWorld('claim-ahead')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', 'acme')
  const part = await setup.ctl('claim', 'abababab', 'berlin', '--listed', '--ahead')
  assert.deepEqual(
    [part.code, /API_INVALID \/device: .*give the whole id/.test(part.err)],
    [4, true],
  )
  const silent = await setup.ctl('claim', 'ab'.repeat(32), 'berlin')
  assert.deepEqual([silent.code, /--code CODE is needed, or --listed/.test(silent.err)], [2, true])
})

test('users of another tenant lock no box that has an owner, and are refused before their codes are looked at', async () => {
  await using world = await newWorld('claim-foreign')
  const setup = await world.setup()
  for (const name of ['acme', 'other']) await setup.ctl('tenant', 'add', name)
  const eve = await world.person('eve', 'other', 'operator')
  const box = await blank(world, 'claim-foreign-box')
  const claim = ['claim', box.deviceId, 'berlin', '--ahead', '--tenant'] as const
  assert.equal((await setup.ctl(...claim, 'acme', '--listed')).code, 0)
  for (let tries = 0; tries < 6; tries++) {
    const { err } = await eve.ctl(...claim, 'other', '--code', '0000-0000')
    assert.match(err, /^ZTP_VOUCHER_FOREIGN/)
  }
  assert.match((await eve.ctl('audit')).out, /edge\.claim .*refused: ZTP_VOUCHER_FOREIGN/)
  assert.equal((await setup.ctl(...claim, 'acme', '--code', box.code)).code, 0)
  box.confirm()
  await box.owner
})

test('a box is claimed for a site that there is, and moves to another without a code', async () => {
  await using world = await newWorld('claim-site')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', 'acme')
  await setup.ctl('apply', '-f', writeExample('claim-site-fleet'), '--yes')
  const box = 'ab'.repeat(32)
  const astray = await setup.ctl('claim', box, 'berlni', '--listed')
  assert.deepEqual([astray.code, astray.out], [4, ''])
  assert.match(
    astray.err,
    /FLEET_REFERENCE \/site: there is no site 'berlni', did you mean berlin\?/,
  )
  assert.equal((await setup.ctl('claim', box, 'berlin', '--listed')).code, 0)
  const operator = await world.person('otto', 'acme', 'operator')
  const moved = await operator.ctl('move', 'abababab', 'lisbon')
  assert.deepEqual([moved.code, moved.out], [0, `${box} stands at lisbon, no longer at berlin\n`])
  assert.match((await setup.ctl('edges')).out, /^lisbon {2}abababab/m)
  assert.match((await setup.ctl('audit')).out, /otto +edge\.move .*from berlin to lisbon/)
  await setup.ctl('claim', 'cd'.repeat(32), 'berlin', '--listed')
  assert.match((await operator.ctl('move', 'abababab', 'berlin')).err, /^ZTP_SITE_TAKEN/)
  assert.match((await operator.ctl('move', 'abababab', 'porto')).err, /^FLEET_REFERENCE/)
  const auditor = await world.person('eve', 'acme', 'auditor')
  assert.match((await auditor.ctl('move', 'abababab', 'berlin')).err, /^API_FORBIDDEN/)
})
