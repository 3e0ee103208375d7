/**
 * What a device signs over one TLS connection: its exporter (RFC 8446 §7.5, RFC 5705) is in it, so that whoever sits between two
 * connections has nothing to pass on.
 */
import { type KeyObject, sign, verify } from 'node:crypto'

/** Label and length of the exporter that both take. */
export const exporterLabel = 'EXPORTER-causeway-ztp'
export const exporterBytes = 32

export type ProofKind = 'hello' | 'open' | 'voucher' | 'certificate' | 'refusal'

/** @param parts what the request says @returns ES256, base64url */
export function proveDevice(
  kind: ProofKind,
  exporter: Uint8Array,
  parts: readonly string[],
  privateKey: KeyObject,
): string {
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  return sign('sha256', said(`device ${kind}`, exporter, parts), key).toString('base64url')
}

export function isProvenByDevice(
  kind: ProofKind,
  exporter: Uint8Array,
  parts: readonly string[],
  publicKey: KeyObject,
  proof: string,
): boolean {
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  return verify(
    'sha256',
    said(`device ${kind}`, exporter, parts),
    key,
    Buffer.from(proof, 'base64url'),
  )
}

/** Each with its length before it, so that no two lists of parts are one text. */
function said(label: string, exporter: Uint8Array, parts: readonly string[]): Buffer {
  const all = [`causeway ztp v1 ${label}`, exporter, ...parts].map((part) => Buffer.from(part))
  return Buffer.concat(
    all.flatMap((part) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(part.length)
      return [length, part]
    }),
  )
}
