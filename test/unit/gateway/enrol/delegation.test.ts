/** A blank device whose controller the owner's roots have named, or not: what counts as their word, and what is left without it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemTenant } from '../../../../firmware/controller/audit.ts'
import { type AttemptOptions, attemptEnrol } from '../../../../firmware/gateway/enrol/attempt.ts'
import { fingerprintOf } from '../../../../firmware/host/pki/certificate.ts'
import { signJws } from '../../../../firmware/wire/jws.ts'
import { codesOf, newDevice, newWorld, pair, type World } from './desk.ts'

const ada = { who: 'ada', tenant: 't1' }

/** Somebody types the code at the controller once it is shown, and confirms it at the box. */
function withPerson(world: World, more: Partial<AttemptOptions> = {}): AttemptOptions {
  let shown = ''
  let isConfirmed = false
  const device = newDevice(world, {
    onCode: (code) => {
      shown = code
    },
    isConfirmed: () => isConfirmed,
    pause: async (ms) => {
      world.nowMs += ms
      if (isConfirmed) return
      await world.desk.claim(ada, device.key.deviceId, shown, 'berlin')
      isConfirmed = true
    },
    ...more,
  })
  return device
}

test("a box that no delegation fits is its owner's by the code, listed or not", async () => {
  const foreign = pair().publicKey
  for (const isDelegated of [true, false]) {
    for (const ownRoots of [[], [foreign]]) {
      for (const isListed of [true, false]) {
        const world = await newWorld(isDelegated)
        const device = withPerson(world, { ownRoots })
        if (isListed) await world.desk.list(ada, device.key.deviceId, 'berlin')
        const owner = await attemptEnrol(device)
        assert.equal(owner.authority, world.authority.certificate)
      }
    }
  }
})

test('without a code, no listed voucher of an authority that no root has named is taken: it is passed over, and told', async () => {
  const world = await newWorld(true)
  for (const ownRoots of [[], [pair().publicKey]]) {
    const device = newDevice(world, { ownRoots })
    await world.desk.list(ada, device.key.deviceId, 'berlin')
    await assert.rejects(attemptEnrol(device), { code: 'ZTP_CODE_EXPIRED' })
  }
  assert.deepEqual(await codesOf(world, systemTenant), [
    ...Array(2).fill('ztp.refusal ZTP_AUTHORITY_UNKNOWN'),
  ])
})

test('of several delegations the one that fits counts; forged, foreign and ended ones are no word at all', async () => {
  const world = await newWorld(false)
  const { root, authority } = world
  const pin = fingerprintOf(authority.certificate)
  const sign = (key = root.privateKey, more: object = {}): Promise<string> => {
    const until = { issuedMs: world.nowMs, expiresMs: world.nowMs + 1e9 }
    return signJws('causeway-delegation', { version: 1, ownerPin: pin, ...until, ...more }, key)
  }
  const good = await sign()
  const [head = '', payload = '', signature = ''] = good.split('.')
  const changed = Buffer.from(payload, 'base64url').toString().replace('"version":1', '"version":2')
  const bad = [
    await sign(pair().privateKey),
    await sign(root.privateKey, { ownerPin: 'bb'.repeat(32) }),
    await sign(root.privateKey, { issuedMs: 1, expiresMs: 2 }),
    await signJws(
      'causeway-voucher',
      JSON.parse(Buffer.from(payload, 'base64url').toString()),
      root.privateKey,
    ),
    `${head}.${Buffer.from(changed).toString('base64url')}.${signature}`,
    'a.b.c',
    '',
  ]
  const offering = (delegations: readonly string[]): AttemptOptions => {
    const device = newDevice(world, { ownRoots: [root.publicKey] })
    const connect: AttemptOptions['connect'] = async (authorities) => {
      const connection = await device.connect(authorities)
      const post = async (path: string, body: object): Promise<unknown> => {
        const answer = (await connection.post(path, body)) as object
        if ('delegations' in answer) return { ...answer, delegations }
        return 'voucher' in answer ? { ...answer, voucher: await listedFor(device, body) } : answer
      }
      return { ...connection, post }
    }
    return { ...device, connect }
  }
  const listedFor = async ({ key }: AttemptOptions, body: object): Promise<string> => {
    const { nonce } = body as { readonly nonce: string }
    const until = { issuedMs: world.nowMs, expiresMs: world.nowMs + 1_000 }
    const said = { version: 1, ownerPin: pin, assertion: 'listed', ...until }
    const voucher = { ...said, deviceId: key.deviceId, nonce }
    return signJws('causeway-voucher', voucher, authority.privateKey)
  }
  for (const one of bad) {
    await assert.rejects(attemptEnrol(offering([one])), { code: 'ZTP_CODE_EXPIRED' }, one)
  }
  await assert.rejects(attemptEnrol(offering(bad.slice(0, 4))), { code: 'ZTP_CODE_EXPIRED' })
  const device = offering([...bad.slice(0, 3), good])
  await world.desk.list(ada, device.key.deviceId, 'berlin')
  assert.equal((await attemptEnrol(device)).authority, authority.certificate)
})

test('what is passed over is begun anew when that may help, and waits for a person until then', async () => {
  const world = await newWorld(true)
  const told: string[] = []
  const beganMs = world.nowMs
  const device = newDevice(world, {
    ownRoots: [pair().publicKey],
    anewInMs: () => beganMs + 7_000 - world.nowMs,
    onPassedOver: ({ code }) => told.push(code),
  })
  await world.desk.list(ada, device.key.deviceId, 'berlin')
  await assert.rejects(attemptEnrol(device), { code: 'ZTP_CODE_EXPIRED', message: /begin anew/ })
  assert.deepEqual([world.nowMs - beganMs, told], [7_000, ['ZTP_AUTHORITY_UNKNOWN']])
  // Nobody's voucher was passed over: there is nothing that another offer could have.
  const unlisted = newDevice(world, { anewInMs: () => beganMs + 7_000 - world.nowMs })
  await assert.rejects(attemptEnrol(unlisted), {
    message: 'nobody has claimed this device in time',
  })
})

test('a controller makes no listed voucher once all delegations have ended', async () => {
  const world = await newWorld(true)
  const device = newDevice(world)
  await world.desk.list(ada, device.key.deviceId, 'berlin')
  world.nowMs += 1e10 + 1
  await assert.rejects(attemptEnrol(device), {
    code: 'ZTP_CODE_EXPIRED',
    message: 'nobody has claimed this device in time',
  })
  assert.deepEqual(await codesOf(world, systemTenant), [])
})
