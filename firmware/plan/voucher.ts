/** Whether a device takes a voucher, and why not. Pure; that somebody whom it trusts has signed it is known already. RFC 8366 §5. */
import { CausewayError } from '../model/errors.ts'
import type { Release, Voucher } from '../model/voucher.ts'

export interface VoucherQuestion {
  readonly deviceId: string
  /** Of this attempt. */
  readonly nonce: string
  /** Of the authority that the controller at the other end of this connection showed. */
  readonly ownerPin: string
  /**
   * The device's clock, which is never before its image's build time. It may be late by years: what is issued later than it
   * believes to be now is taken, since the nonce says that it is new.
   */
  readonly nowMs: number
}

/** No voucher is good for longer. */
export const voucherMs = 24 * 3_600_000

/** @throws ZTP_VOUCHER_FOREIGN, ZTP_VOUCHER_REPLAYED, ZTP_INTERCEPTED, ZTP_VOUCHER_EXPIRED, ZTP_VOUCHER_INVALID */
export function checkVoucher(voucher: Voucher, question: VoucherQuestion): void {
  const { deviceId, nonce, ownerPin, nowMs } = question
  const { issuedMs, expiresMs } = voucher
  if (voucher.deviceId !== deviceId) {
    throw new CausewayError('ZTP_VOUCHER_FOREIGN', 'the voucher is for another device')
  }
  if (voucher.nonce !== nonce) {
    throw new CausewayError('ZTP_VOUCHER_REPLAYED', 'the voucher was made for an earlier attempt')
  }
  if (voucher.ownerPin !== ownerPin) {
    const message = 'the voucher is for another owner than the one at the other end'
    throw new CausewayError('ZTP_INTERCEPTED', message)
  }
  if (expiresMs <= issuedMs || expiresMs - issuedMs > voucherMs) {
    throw new CausewayError('ZTP_VOUCHER_INVALID', 'the voucher is good for an impossible time')
  }
  if (expiresMs <= nowMs) {
    const hours = Math.ceil((nowMs - expiresMs) / 3_600_000)
    throw new CausewayError('ZTP_VOUCHER_EXPIRED', `the voucher ended ${hours} h ago`)
  }
}

/** @param owner the pin that the device has @throws ZTP_VOUCHER_FOREIGN */
export function checkRelease(release: Release, deviceId: string, owner: string): void {
  if (release.deviceId !== deviceId || release.ownerPin !== owner) {
    throw new CausewayError('ZTP_VOUCHER_FOREIGN', 'the release is for another device or owner')
  }
}
