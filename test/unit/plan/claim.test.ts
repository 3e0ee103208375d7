/** A device is claimed by who reads its code, in time, in five tries; and by a voucher that was made for this attempt. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Voucher } from '../../../firmware/model/voucher.ts'
import {
  type Claim,
  claimMs,
  isClaimed,
  lockMs,
  mostTries,
  offerClaim,
  openClaim,
  tryClaim,
} from '../../../firmware/plan/claim.ts'
import { checkRelease, checkVoucher, voucherMs } from '../../../firmware/plan/voucher.ts'

const offer = {
  deviceId: 'aa'.repeat(32),
  commitment: 'c0',
  controllerNonce: 'c1',
  nonce: 'n'.repeat(43),
}
const code = '7K3M-Q9XA'
const opened = (nowMs = 0): Claim => openClaim(offerClaim(null, offer, nowMs), code, nowMs)

test('the right code claims, once', () => {
  const { claim, refusal } = tryClaim(opened(), code, 'berlin', 1_000)
  assert.equal(refusal, null)
  assert.equal(claim.site, 'berlin')
  assert.ok(isClaimed(claim, 2_000))
  assert.equal(tryClaim(claim, code, 'lisbon', 2_000).refusal?.code, 'ZTP_CODE_EXPIRED')
})

test('a code that nobody has shown yet is none', () => {
  assert.equal(
    tryClaim(offerClaim(null, offer, 0), null, 'berlin', 1).refusal?.code,
    'ZTP_CODE_EXPIRED',
  )
})

test('after its time a code is none, and the device cannot open it any more', () => {
  assert.equal(tryClaim(opened(), code, 'berlin', claimMs).refusal?.code, 'ZTP_CODE_EXPIRED')
  assert.throws(() => openClaim(offerClaim(null, offer, 0), code, claimMs), {
    code: 'ZTP_CODE_EXPIRED',
  })
})

test('five wrong codes lock a device, and neither the right one nor asking anew helps before the lock is over', () => {
  let claim = opened()
  const codes: (string | undefined)[] = []
  for (let round = 0; round < mostTries; round++) {
    const tried = tryClaim(claim, 'AAAA-AAAA', 'berlin', 10)
    codes.push(tried.refusal?.code)
    claim = tried.claim
  }
  assert.deepEqual(codes, [...Array(mostTries - 1).fill('ZTP_CODE_WRONG'), 'ZTP_LOCKED'])
  assert.equal(tryClaim(claim, code, 'berlin', 20).refusal?.code, 'ZTP_LOCKED')
  assert.throws(() => offerClaim(claim, offer, lockMs), { code: 'ZTP_LOCKED' })
  // Whose owner has said so already may come without a code; its codes stay locked.
  const owned = openClaim(offerClaim(claim, offer, lockMs, true), code, lockMs)
  assert.equal(tryClaim(owned, code, 'berlin', lockMs).refusal?.code, 'ZTP_LOCKED')
  const anew = openClaim(offerClaim(claim, offer, lockMs + 10), code, lockMs + 10)
  assert.equal(tryClaim(anew, code, 'berlin', lockMs + 20).refusal, null)
})

test('asking anew does not forget wrong tries', () => {
  const once = tryClaim(opened(), 'AAAA-AAAA', 'berlin', 1).claim
  assert.equal(offerClaim(once, offer, 2).tries, 1)
})

const voucher: Voucher = {
  version: 1,
  deviceId: offer.deviceId,
  nonce: offer.nonce,
  ownerPin: 'bb'.repeat(32),
  assertion: 'code',
  issuedMs: 1_000,
  expiresMs: 2_000,
}
const question = {
  deviceId: voucher.deviceId,
  nonce: voucher.nonce,
  ownerPin: voucher.ownerPin,
  nowMs: 1_500,
}

test('a voucher for this device, this attempt and this owner is taken while it is good, and by a clock that is late', () => {
  checkVoucher(voucher, question)
  checkVoucher(voucher, { ...question, nowMs: 0 })
})

const refused = [
  ['of another device', { deviceId: 'cc'.repeat(32) }, 'ZTP_VOUCHER_FOREIGN'],
  ['of an earlier attempt', { nonce: 'm'.repeat(43) }, 'ZTP_VOUCHER_REPLAYED'],
  ['for another owner than is there', { ownerPin: 'cc'.repeat(32) }, 'ZTP_INTERCEPTED'],
  ['that has ended', { expiresMs: 1_500 }, 'ZTP_VOUCHER_EXPIRED'],
  ['that is good for ever', { expiresMs: 1_001 + voucherMs }, 'ZTP_VOUCHER_INVALID'],
] as const

for (const [what, change, refusal] of refused) {
  test(`a voucher is refused, ${what}`, () => {
    assert.throws(() => checkVoucher({ ...voucher, ...change }, question), { code: refusal })
  })
}

test('a device is let go by its own owner alone', () => {
  const release = {
    version: 1,
    deviceId: offer.deviceId,
    ownerPin: voucher.ownerPin,
    issuedMs: 1,
  } as const
  checkRelease(release, offer.deviceId, voucher.ownerPin)
  assert.throws(() => checkRelease(release, offer.deviceId, 'cc'.repeat(32)), {
    code: 'ZTP_VOUCHER_FOREIGN',
  })
  assert.throws(() => checkRelease(release, 'cc'.repeat(32), voucher.ownerPin), {
    code: 'ZTP_VOUCHER_FOREIGN',
  })
})
