/**
 * From a finished handshake to the keys of a keypair, and into the next rekey. Pure.
 * wire.md, "Keys" and "Rekey"; RFC 5869.
 */
import type { DirectionKeys } from '../model/program.ts'
import { expand, hash, hkdf } from './blake2s.ts'
import type { Transcript } from './noise.ts'

/** All that one handshake yields. The initiator seals with `i2r`, the responder with `r2i`. */
export interface SessionKeys {
  readonly i2r: DirectionKeys
  readonly r2i: DirectionKeys
  /** What the next rekey mixes in: 32 bytes each. */
  readonly chain: Uint8Array
  readonly h: Uint8Array
}

export function deriveKeys(transcript: Transcript): SessionKeys {
  const derive = (label: string, bytes: number): Buffer =>
    expand(transcript.ck, [`causeway v1 ${label}`, transcript.h], bytes)
  const direction = (name: string): DirectionKeys => ({
    key: derive(`${name} key`, 32),
    iv: derive(`${name} iv`, 12),
    time: derive(`${name} time`, 4),
  })
  return {
    i2r: direction('i2r'),
    r2i: direction('r2i'),
    chain: derive('chain', 32),
    h: Buffer.from(transcript.h),
  }
}

/** Overwrites the traffic keys, once the datapath has them. */
export function eraseTrafficKeys(keys: SessionKeys): void {
  for (const direction of [keys.i2r, keys.r2i]) {
    for (const secret of [direction.key, direction.iv, direction.time]) secret.fill(0)
  }
}

export function rawPrologue(tenant: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('causeway v1'), tenant])
}

/** What a rekey takes from the keypair that carries its messages. */
export interface Carrier {
  readonly chain: Uint8Array
  readonly h: Uint8Array
}

/** The ML-KEM-768 parts of a rekey; without them ek and ct are empty and ss is zeros. */
export interface Kem {
  readonly ek: Uint8Array
  readonly ct: Uint8Array
  readonly ss: Uint8Array
}

export const noKem: Kem = {
  ek: new Uint8Array(0),
  ct: new Uint8Array(0),
  ss: new Uint8Array(32),
}

export function rekeyPrologue(tenant: Uint8Array, carrier: Carrier, kem: Pick<Kem, 'ek'>): Buffer {
  return Buffer.concat([Buffer.from('causeway v1 rekey'), tenant, carrier.h, hash(kem.ek)])
}

export function rekeyPsk(psk: Uint8Array, carrier: Carrier, kem: Kem): Buffer {
  const info = Buffer.concat([Buffer.from('causeway v1 psk'), hash(kem.ek, kem.ct)])
  return hkdf(carrier.chain, Buffer.concat([psk, kem.ss]), info, 32)
}
