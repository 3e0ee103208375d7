/** A blank device and a controller: who gets whom, and each way in which somebody tries to get what is not theirs. */
import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { systemTenant } from '../../../../firmware/controller/audit.ts'
import { attemptEnrol } from '../../../../firmware/gateway/enrol/attempt.ts'
import type { ZtpConnection } from '../../../../firmware/host/link/ztp.ts'
import { fingerprintOf, readCertificate } from '../../../../firmware/host/pki/certificate.ts'
import { claimMs } from '../../../../firmware/plan/claim.ts'
import { signJws } from '../../../../firmware/wire/jws.ts'
import { proveAudit } from '../../../lab/audit-proof.ts'
import { answerOf, codesOf, connectTo, newDevice, newWorld, pair, type World } from './desk.ts'

const ada = { who: 'ada', tenant: 't1' }

test('who reads the code and confirms it at both ends owns the device', async () => {
  const world = await newWorld(false)
  let shown = ''
  let isConfirmed = false
  const device = newDevice(world, {
    onCode: (code) => {
      shown = code
    },
    isConfirmed: () => isConfirmed,
    pause: async (ms) => {
      world.nowMs += ms
      // Somebody reads the page; a minute later they confirm there.
      if (world.nowMs % 60_000 === 0)
        await world.desk
          .claim(ada, device.key.deviceId.slice(0, 8), shown.toLowerCase(), 'berlin')
          .catch(() => {})
      if (world.nowMs % 120_000 === 0) isConfirmed = true
    },
  })
  const owner = await attemptEnrol(device)
  assert.equal(owner.authority, world.authority.certificate)
  const read = readCertificate(new X509Certificate(owner.certificate), [owner.authority])
  assert.equal(read?.deviceId, device.key.deviceId)
  assert.equal(read?.wireKey, device.wireKey)
  assert.deepEqual((await codesOf(world, 't1')).slice(0, 1), ['edge.claim done'])
  assert.ok((await codesOf(world, 't1')).includes('edge.certify done'))
  assert.equal((await proveAudit(world.store, 't1')).brokenAt, null)
})

test("a device that has the owner's root and is listed needs nobody", async () => {
  const world = await newWorld(true)
  const device = newDevice(world, { ownRoots: [world.root.publicKey] })
  await world.desk.list(ada, device.key.deviceId, 'berlin')
  const owner = await attemptEnrol(device)
  assert.equal(owner.authority, world.authority.certificate)
})

test('a flood of strangers from its own address keeps no listed device waiting', async () => {
  const world = await newWorld(true)
  const stop = async (): Promise<never> => {
    throw new Error('that was all')
  }
  const codes: string[] = []
  for (let at = 0; at < 220; at++) {
    await attemptEnrol(newDevice(world, { pause: stop })).catch(({ code }) => codes.push(code))
  }
  assert.equal(codes.filter((code) => code === 'ZTP_BUSY').length, 20)
  const device = newDevice(world, { ownRoots: [world.root.publicKey] })
  await world.desk.list(ada, device.key.deviceId, 'berlin')
  assert.equal((await attemptEnrol(device)).authority, world.authority.certificate)
})

test('a device that nobody claims gives up in time, and trusts nobody', async () => {
  const world = await newWorld(true)
  await assert.rejects(attemptEnrol(newDevice(world)), { code: 'ZTP_CODE_EXPIRED' })
})

test('a device that is claimed at the controller alone waits for somebody at the box', async () => {
  const world = await newWorld(false)
  let shown = ''
  const device = newDevice(world, {
    onCode: (code) => {
      shown = code
    },
    pause: async (ms) => {
      world.nowMs += ms
      await world.desk.claim(ada, device.key.deviceId, shown, 'berlin').catch(() => {})
    },
  })
  await assert.rejects(attemptEnrol(device), { code: 'ZTP_CODE_EXPIRED' })
})

test('five wrong codes lock the device; each is refused with its code, and in the log', async () => {
  const world = await newWorld(false)
  let shown = ''
  const refusals: string[] = []
  const device = newDevice(world, {
    onCode: (code) => {
      shown = code
    },
    pause: async (ms) => {
      world.nowMs += ms
      await claim('AAAA-AAAA')
    },
  })
  const claim = (typed: string): Promise<unknown> =>
    world.desk
      .claim(ada, device.key.deviceId, typed, 'berlin')
      .catch((error) => refusals.push(error.code))
  // The box is told, and ends the attempt.
  await assert.rejects(attemptEnrol(device), { code: 'ZTP_LOCKED' })
  await claim(shown)
  const wrong = Array(4).fill('ZTP_CODE_WRONG')
  assert.deepEqual(refusals.slice(0, 6), [...wrong, 'ZTP_LOCKED', 'ZTP_LOCKED'])
  assert.deepEqual(
    (await codesOf(world, 't1')).slice(0, 6),
    refusals.slice(0, 6).map((code) => `edge.claim ${code}`),
  )
  await assert.rejects(attemptEnrol(newDevice(world, { key: device.key })), { code: 'ZTP_LOCKED' })
})

test('a code that is typed too late claims nothing', async () => {
  const world = await newWorld(false)
  let shown = ''
  const device = newDevice(world, {
    onCode: (code) => {
      shown = code
    },
    pause: async () => {
      world.nowMs += claimMs + 1
    },
  })
  await assert.rejects(attemptEnrol(device), { code: 'ZTP_CODE_EXPIRED' })
  await assert.rejects(world.desk.claim(ada, device.key.deviceId, shown, 'berlin'), {
    code: 'ZTP_CODE_EXPIRED',
  })
})

test('who passes requests on between two TLS connections gets nothing, and is in the log', async () => {
  const world = await newWorld(true)
  const connect = async (): Promise<ZtpConnection> => {
    // The device's connection ends at somebody, who has another one to the controller.
    const passOn = answerOf(world.desk, randomBytes(32))
    return { exporter: randomBytes(32), post: passOn, close: () => {} }
  }
  const device = newDevice(world, { connect, ownRoots: [world.root.publicKey] })
  await world.desk.list(ada, device.key.deviceId, 'berlin')
  await assert.rejects(attemptEnrol(device), { code: 'ZTP_PROOF_INVALID' })
  assert.deepEqual(await codesOf(world, systemTenant), ['ztp.hello ZTP_PROOF_INVALID'])
})

test('somebody with an authority of their own in between makes the codes differ', async () => {
  const world = await newWorld(false)
  const thief = await newWorld(false)
  const codes: string[] = []
  const onCode = (code: string): void => {
    codes.push(code)
  }
  const pause = async (ms: number): Promise<void> => {
    world.nowMs += ms
    thief.nowMs += ms
  }
  // The victim shows the code of the thief's authority; the thief's own device asks the controller.
  await Promise.allSettled([
    attemptEnrol(newDevice(thief, { onCode, pause })),
    attemptEnrol(newDevice(world, { onCode, pause })),
  ])
  assert.equal(codes.length, 2)
  assert.notEqual(codes[0], codes[1])
})

/** The voucher is another one than the controller would make. */
function withVoucher(
  world: World,
  make: (nonce: string, deviceId: string) => Promise<string>,
  nowMs = (): number => world.nowMs,
) {
  const device = newDevice(world, {
    ownRoots: [world.root.publicKey],
    nowMs,
    connect: async (authorities) => {
      const connection = await connectTo(world)(authorities)
      const post = async (path: string, body: object): Promise<unknown> => {
        const answer = (await connection.post(path, body)) as object
        if (!('voucher' in answer)) return answer
        return {
          ...answer,
          voucher: await make((body as { nonce: string }).nonce, device.key.deviceId),
        }
      }
      return { ...connection, post }
    },
  })
  return device
}

test('vouchers that are replayed, foreign, expired or of nobody are refused, each by its name', async () => {
  const world = await newWorld(true)
  const pin = fingerprintOf(world.authority.certificate)
  const sign = (voucher: object, key = world.authority.privateKey): Promise<string> =>
    signJws(
      'causeway-voucher',
      {
        version: 1,
        ownerPin: pin,
        assertion: 'listed',
        issuedMs: world.nowMs,
        expiresMs: world.nowMs + 1_000,
        ...voucher,
      },
      key,
    )
  const cases: readonly [string, (nonce: string, deviceId: string) => Promise<string>, string][] = [
    [
      'replayed',
      (_nonce, deviceId) => sign({ deviceId, nonce: 'x'.repeat(43) }),
      'ZTP_VOUCHER_REPLAYED',
    ],
    ['foreign', (nonce) => sign({ deviceId: 'aa'.repeat(32), nonce }), 'ZTP_VOUCHER_FOREIGN'],
    [
      'expired',
      (nonce, deviceId) => sign({ deviceId, nonce, issuedMs: 1, expiresMs: 2 }),
      'ZTP_VOUCHER_EXPIRED',
    ],
    [
      'of another owner',
      (nonce, deviceId) => sign({ deviceId, nonce, ownerPin: 'bb'.repeat(32) }),
      'ZTP_INTERCEPTED',
    ],
    [
      'of nobody',
      (nonce, deviceId) => sign({ deviceId, nonce }, pair().privateKey),
      'ZTP_VOUCHER_INVALID',
    ],
    ['malformed', () => sign({}), 'ZTP_VOUCHER_INVALID'],
    ['no voucher', async () => 'a.b.c', 'ZTP_VOUCHER_INVALID'],
  ]
  for (const [what, make, code] of cases) {
    await assert.rejects(attemptEnrol(withVoucher(world, make)), { code }, what)
  }
})

test('a device of one tenant cannot be claimed by another', async () => {
  const world = await newWorld(true)
  const device = newDevice(world, { ownRoots: [world.root.publicKey] })
  await world.desk.list(ada, device.key.deviceId, 'berlin')
  const bob = { who: 'bob', tenant: 't2' }
  await assert.rejects(world.desk.list(bob, device.key.deviceId, 'lisbon'), {
    code: 'ZTP_VOUCHER_FOREIGN',
  })
  assert.deepEqual(await codesOf(world, 't2'), ['edge.list ZTP_VOUCHER_FOREIGN'])
})
